// Client's share in modules.
#include <algorithm>

#include "client/body_json.hpp"
#include "client/shell.hpp"
#include "shared/pack.hpp"
#include <roundhouse/client.hpp>

namespace roundhouse {

namespace {

using detail::BodyMap;
using detail::json_of;

ModuleRecord record_of(std::string_view bytes) {
  const BodyMap map(bytes);
  ModuleRecord out;
  out.build = map.text("build");
  out.name = map.text("name");
  out.size = map.number("size").value_or(0);
  out.everywhere = map.truth("everywhere");
  out.withheld = map.truth("withheld");
  out.trouble = map.text("trouble");
  out.kept = map.truth("kept");
  out.tasks = map.texts("tasks");
  for (const std::string_view entry : map.list("engines")) {
    const BodyMap engine(entry);
    out.engines.push_back({static_cast<int>(engine.number("engine").value_or(0)),
                           engine.text("state"), engine.text("code"), engine.text("text"),
                           engine.truth("own")});
  }
  out.json = json_of(bytes);
  return out;
}

}  // namespace

AsyncListResult<LoadedModule> Client::load(const std::string& path) const {
  // Those of one moment, with those whose process is being started again.
  const std::vector<int> engines = shell().engines_for(all);
  return AsyncListResult<LoadedModule>(
      detail::Submitter(shell_, {}).load(path, engines, true, detail::Urgency::later));
}

ModuleRecord Client::pin(std::string_view build) const {
  std::vector<ModuleRecord> found = modules();
  std::erase_if(found, [&](const ModuleRecord& module) {
    return build.empty() || !module.build.starts_with(build);
  });
  if (found.size() != 1)
    throw Exception(Errc::unknown_module,
                    (found.empty() ? "no module has" : "several modules have") +
                        std::string(" the build '") + std::string(build) +
                        "': client.modules() and `roundhouse modules` list those that are here");
  if (found.front().tasks.empty())
    throw Exception(Errc::unknown_module,
                    "no engine has loaded the module " + found.front().name + " yet");
  shell().pin(found.front().build, found.front().tasks);
  return std::move(found.front());
}

std::vector<ModuleRecord> Client::modules() const {
  const HubReply reply = request("modules");
  std::vector<ModuleRecord> out;
  for (const std::string_view bytes : BodyMap(reply.body).list("modules"))
    out.push_back(record_of(bytes));
  return out;
}

std::string Client::remove_module(std::string_view build) const {
  std::string body;
  wire::Packer p(body);
  p.map(1);
  p.str("build"), p.str(build);
  const HubReply reply = request("remove_module", body);
  return BodyMap(reply.body).text("build");
}

namespace detail {

Pending Submitter::load(const std::string& path, std::span<const int> engines, bool everywhere,
                        Urgency urgency) const {
  const std::string build = shell_->ship(path, everywhere);
  const Function load{kLoadTask, {}, CallKind::call, build};
  if (engines.empty()) return submit_map(load, {}, {}, urgency);
  Encoded nothing;
  return submit(load, engines, {&nothing, 1}, urgency);
}

}  // namespace detail

}  // namespace roundhouse

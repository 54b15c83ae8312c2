// What a Shell does for modules that its program ships.
#include <utility>

#include "client/module_file.hpp"
#include "client/shell.hpp"
#include "shared/clock.hpp"
#include <roundhouse/named_values.hpp>

namespace roundhouse::detail {

namespace {

ContentHash read_build(std::string_view text) {
  const auto build = parse_content_hash(text);
  if (!build) throw Exception(Errc::invalid, "a build is 64 hexadecimal digits");
  return *build;
}

}  // namespace

std::string Shell::ship(const std::string& path, bool everywhere) {
  require_same_process();
  client::ShippedModule module = client::read_module(path).or_throw();
  module.everywhere = everywhere;
  const ContentHash build = module.build;
  using State = client::ModuleShelf::State;
  auto guard = lease_.lock();
  require_open();
  session_.ship(std::move(module), out_);
  absorb(guard, steady_now());
  if (guard.free())
    send_tasks();
  else
    guard.wake_holder();  // who sends it
  const auto answered = [&] { return session_.shelf().state(build) != State::offered; };
  wait_locked(guard, answered, std::nullopt);
  if (session_.shelf().state(build) == State::refused) raise(session_.shelf().error(build));
  return to_string(build);
}

void Shell::pin(std::string_view build, std::vector<std::string> tasks) {
  require_same_process();
  const ContentHash hash = read_build(build);
  const auto guard = lease_.lock();
  require_open();
  session_.pin(hash, std::move(tasks));
}

// Which builds tasks of this function are pinned to: the one that is named, or those that this
// client has shipped. What every engine has is in no module.
std::vector<ContentHash> Shell::builds_of(const Function& function) const {
  if (!function.build.empty()) return {read_build(function.build)};
  if (function.name.starts_with(kBuiltinPrefix)) return {};
  return session_.shelf().builds_for(function.name);
}

}  // namespace roundhouse::detail

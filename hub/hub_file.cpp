#include "hub/hub_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iomanip>
#include <sstream>
#include <utility>
#include <variant>

#include <fcntl.h>
#include <unistd.h>

#include "shared/fd.hpp"
#include "shared/log.hpp"
#include <roundhouse/error.hpp>

namespace roundhouse::hub {
namespace {

bool read_engine(std::istream& in, Restored::Engine& engine) {
  std::string uuid;
  if (!(in >> engine.id.value >> uuid >> engine.incarnation >> engine.slots >> engine.gone))
    return false;
  const auto parsed = parse_uuid(uuid);
  if (parsed) engine.uuid = *parsed;
  return parsed.has_value();
}

// Of an engine that came before.
void read_given_up(std::istream& in, std::map<std::uint32_t, Restored::Engine>& engines) {
  std::uint32_t id = 0;
  Restored::Engine read;
  if (!(in >> id >> std::quoted(read.host) >> std::quoted(read.given_up))) return;
  const auto known = engines.find(id);
  if (known == engines.end()) return;
  known->second.host = read.host, known->second.given_up = read.given_up;
}

std::string on_one_line(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  return text;
}

}  // namespace

HubFile::HubFile(std::string path) : path_(std::move(path)) {
  std::ifstream file(path_);
  for (std::string line, word; std::getline(file, line);) {
    std::istringstream in(line);
    in >> word;
    Restored::Engine engine;
    if (word == "epoch")
      in >> epoch_;
    else if (word == "policy")
      in >> policy_;
    else if (word == "engine" && read_engine(in, engine))
      engines_[engine.id.value] = engine;
    else if (word == "given_up")
      read_given_up(in, engines_);
  }
}

// Written aside and renamed, so that a crash leaves the old file or the new one.
bool HubFile::write() const {
  if (path_.empty()) return true;
  std::ostringstream out;
  out << "epoch " << epoch_ << '\n';
  for (const auto& [id, engine] : engines_)
    out << "engine " << id << ' ' << to_string(engine.uuid) << ' ' << engine.incarnation << ' '
        << engine.slots << ' ' << engine.gone << '\n';
  for (const auto& [id, engine] : engines_)
    if (!engine.given_up.empty())
      out << "given_up " << id << ' ' << std::quoted(engine.host) << ' '
          << std::quoted(engine.given_up) << '\n';
  if (!policy_.empty()) out << "policy " << policy_ << '\n';
  const std::string text = out.str();
  const std::string aside = path_ + ".new";
  const Fd file(::open(aside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  return file && write_all(file.get(), text) && ::fsync(file.get()) == 0 &&
         std::rename(aside.c_str(), path_.c_str()) == 0;
}

std::uint64_t HubFile::begin_epoch() {
  ++epoch_;
  if (!write())
    throw Exception(Errc::store_failed,
                    "cannot write the hub's epoch to '" + path_ + "': " + std::strerror(errno));
  return epoch_;
}

std::vector<Restored::Engine> HubFile::engines() const {
  std::vector<Restored::Engine> out;
  for (const auto& [id, engine] : engines_) out.push_back(engine);
  return out;
}

std::optional<Uuid> HubFile::uuid_of(EngineId id) const {
  const auto known = engines_.find(id.value);
  return known == engines_.end() ? std::nullopt : std::optional(known->second.uuid);
}

void HubFile::note(std::span<const Fact> facts) {
  bool changed = false;
  for (const Fact& fact : facts) changed = note(fact) || changed;
  if (changed && !write())
    log::warn("engines_not_noted", {{"path", path_}, {"reason", std::strerror(errno)}});
}

// Whether it was anything to note.
bool HubFile::note(const Fact& fact) {
  if (const auto* joined = std::get_if<EngineJoined>(&fact)) {
    engines_[joined->id.value] = {joined->id,    joined->uuid, joined->incarnation,
                                  joined->slots, false,        joined->host};
    return true;
  }
  if (const auto* left = std::get_if<EngineLeft>(&fact)) {
    const auto known = engines_.find(left->id.value);
    if (!left->gone || known == engines_.end()) return false;
    known->second.gone = true;
    known->second.given_up = on_one_line(left->given_up);
    return true;
  }
  if (const auto* set = std::get_if<PolicySet>(&fact)) {
    policy_ = set->policy;
    return true;
  }
  if (!std::holds_alternative<HubStopped>(fact)) return false;
  policy_.clear();
  for (auto& [id, engine] : engines_) engine.given_up.clear();
  return true;
}

}  // namespace roundhouse::hub

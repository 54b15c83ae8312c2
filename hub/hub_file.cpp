#include "hub/hub_file.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
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

}  // namespace

HubFile::HubFile(std::string path) : path_(std::move(path)) {
  std::ifstream file(path_);
  for (std::string line, word; std::getline(file, line);) {
    std::istringstream in(line);
    in >> word;
    Restored::Engine engine;
    if (word == "epoch")
      in >> epoch_;
    else if (word == "engine" && read_engine(in, engine))
      engines_[engine.id.value] = engine;
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
  for (const Fact& fact : facts) {
    if (const auto* joined = std::get_if<EngineJoined>(&fact)) {
      engines_[joined->id.value] = {joined->id, joined->uuid, joined->incarnation, joined->slots,
                                    false};
      changed = true;
    } else if (const auto* left = std::get_if<EngineLeft>(&fact); left != nullptr && left->gone) {
      if (const auto known = engines_.find(left->id.value); known != engines_.end())
        known->second.gone = changed = true;
    }
  }
  if (changed && !write())
    log::warn("engines_not_noted", {{"path", path_}, {"reason", std::strerror(errno)}});
}

}  // namespace roundhouse::hub

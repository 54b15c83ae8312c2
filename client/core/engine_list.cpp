#include "client/core/engine_list.hpp"

#include <string>
#include <string_view>
#include <utility>

#include "shared/pack.hpp"

namespace roundhouse::client {
namespace {

constexpr std::size_t kEnginesMax = wire::kListMax;

EngineEntry read_engine(wire::Unpacker& in, std::string& state) {
  EngineEntry out;
  const std::size_t pairs = in.map();
  for (std::size_t i = 0; i < pairs && in.ok(); ++i) {
    const std::string_view key = in.str();
    if (key == "id") {
      out.id = EngineId{in.u32()};
    } else if (key == "uuid") {
      if (const auto uuid = parse_uuid(in.str())) out.uuid = *uuid;
    } else if (key == "incarnation") {
      out.incarnation = in.u32();
    } else if (key == "slots") {
      out.slots = in.u32();
    } else if (key == "state") {
      state = in.str();
    } else {
      in.skip();
    }
  }
  return out;
}

bool has(const std::map<EngineId, EngineEntry>& engines, const EngineEntry& entry) {
  const auto found = engines.find(entry.id);
  return found != engines.end() && found->second.uuid == entry.uuid;
}

}  // namespace

EngineList::Change EngineList::on_hint(const wire::Hint& hint) {
  if (!known_ || hint.epoch != epoch_) return Change::ask;
  if (hint.number <= number_) return Change::none;
  if (hint.number != number_ + 1) return Change::ask;
  number_ = hint.number;
  if (hint.event == "engine_left") {
    const bool waited = restarting_.erase(hint.engine) != 0;
    return engines_.erase(hint.engine) != 0 || waited ? Change::changed : Change::none;
  }
  if (hint.event == "engine_restarting") {
    auto engine = engines_.extract(hint.engine);
    if (engine.empty()) return Change::ask;
    restarting_.insert(std::move(engine));
    return Change::changed;
  }
  if (hint.event == "engine_restarted") {
    if (auto back = restarting_.extract(hint.engine)) engines_.insert(std::move(back));
    const auto engine = engines_.find(hint.engine);
    if (engine == engines_.end()) return Change::ask;
    engine->second.incarnation = hint.incarnation;
    return Change::changed;
  }
  // Whatever else happened, and what a newcomer's slots are, only the list tells.
  if (hint.event != "engine_joined") return Change::ask;
  const EngineEntry entry{hint.engine, hint.uuid, hint.incarnation, 1};
  restarting_.erase(hint.engine);
  engines_.insert_or_assign(hint.engine, entry);
  return Change::changed;
}

Result<bool> EngineList::on_answer(const wire::Raw& body, std::uint64_t epoch) {
  std::map<EngineId, EngineEntry> engines;
  std::map<EngineId, EngineEntry> restarting;
  std::uint64_t number = 0;
  wire::Unpacker in(body.bytes);
  const std::size_t pairs = in.map();
  for (std::size_t i = 0; i < pairs && in.ok(); ++i) {
    const std::string_view key = in.str();
    if (key == "engines" || key == "restarting") {
      const std::size_t count = in.array();
      if (count > kEnginesMax) in.fail();
      for (std::size_t k = 0; k < count && in.ok(); ++k) {
        std::string state;
        const EngineEntry entry = read_engine(in, state);
        // Known to an earlier hub, and perhaps long dead: one whom we have seen comes back, of
        // another nobody knows.
        const bool expected = state == "expected";
        if (key == "restarting" || (expected && has(restarting_, entry)))
          restarting.insert_or_assign(entry.id, entry);
        else if (!expected || has(engines_, entry))
          engines.insert_or_assign(entry.id, entry);
      }
    } else if (key == "number") {
      number = in.u64();
    } else {
      in.skip();
    }
  }
  if (!in.done()) return Error{Errc::malformed, "the hub's list of engines cannot be read"};
  // An answer overtaken by hints of the same hub is older than what is known.
  if (known_ && epoch == epoch_ && number < number_) return false;
  const bool changed = !known_ || engines != engines_ || restarting != restarting_;
  engines_ = std::move(engines);
  restarting_ = std::move(restarting);
  epoch_ = epoch;
  number_ = number;
  known_ = true;
  return changed;
}

}  // namespace roundhouse::client

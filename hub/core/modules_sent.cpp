// Modules on their way to engines, and the tasks that wait for them. PROTOCOL 13; modules_kept.cpp
// has what the hub keeps.
#include <algorithm>

#include "hub/core/router_state.hpp"

namespace roundhouse::hub {
namespace {

// An engine that joins is kept from work for so long, when a module does not come or hangs.
constexpr Duration kAwaitMax = std::chrono::seconds{10};

}  // namespace

// --- To engines.

// What a template's builds are here. Unknown ones are entered, and wait to be offered.
std::vector<ModuleIndex> Router::State::needs_of(const wire::Define& define) {
  std::vector<ModuleIndex> out;
  for (const ContentHash& build : define.builds)
    if (modules.find(build) || !modules.full()) out.push_back(modules.index_of(build));
  return out;
}

void Router::State::offer_to_all(ModuleIndex index, Outbox& out) {
  const bool everywhere = modules.get(index).everywhere && !modules.get(index).withheld();
  engines.each([&](Engine& engine) {
    if (engine.presence == Presence::online && (everywhere || engine.modules.contains(index)))
      offer_module(engine, index, out);
  });
  wake_all();
}

// After an engine has said what it holds. Whoever calls a function by its name alone may mean one
// of these, so they come before work does.
void Router::State::offer_modules(Engine& engine, Now now, Outbox& out) {
  modules.each([&](ModuleIndex index, const Module& module) {
    if (!module.everywhere || module.withheld() || !module.kept() || engine.modules.contains(index))
      return;
    offer_module(engine, index, out);
    const auto offered = engine.modules.find(index);
    if (offered == engine.modules.end() || offered->second.answered()) return;
    engine.awaited_modules.insert(index);
    engine.awaited_until = now.steady + kAwaitMax;
  });
}

// Precondition: the module is kept. An engine asks for one module after the other, and would ask
// for no other while it waited for this.
void Router::State::offer_module(Engine& engine, ModuleIndex index, Outbox& out) {
  const Module& module = modules.get(index);
  if (!engine.task_link || module.order == 0) return;
  EngineModule& on_engine = engine.modules[index];
  if (module.deadly()) {
    on_engine.state = EngineModule::State::failed;
    on_engine.code = module.trouble_code, on_engine.text = module.trouble_text;
    return;
  }
  // One that failed is tried again; one on its way is not disturbed.
  if (on_engine.state == EngineModule::State::failed) on_engine = {};
  wire::Offer offer;
  offer.build = module.build, offer.name = module.name, offer.size = module.size;
  offer.order = module.order;
  out.sends.push_back({*engine.task_link, encode(offer)});
}

// What engines wait for does not come: they go on with the next one.
void Router::State::withdraw(ModuleIndex index, Outbox& out) {
  wire::Offer offer;
  offer.build = modules.get(index).build;
  offer.withdrawn = true;
  engines.each([&](Engine& engine) {
    const auto found = engine.modules.find(index);
    if (found == engine.modules.end() || found->second.answered() ||
        found->second.state == EngineModule::State::sent)
      return;
    engine.modules.erase(found);
    if (engine.awaited_modules.erase(index) > 0) touch(engine);
    if (engine.task_link) out.sends.push_back({*engine.task_link, encode(offer)});
  });
}

void Router::State::on_want(Engine& engine, const wire::Want& want, Now now, Outbox& out) {
  const auto index = modules.find(want.build);
  if (!index || !engine.modules.contains(*index)) return;
  EngineModule& on_engine = engine.modules[*index];
  if (on_engine.answered() || want.from > modules.get(*index).size) return;
  on_engine.state = EngineModule::State::sending;
  if (want.from == 0) on_engine.sent_bytes = 0;
  on_engine.allowed = want.from + wire::kPartWindowBytes;
  send_parts(engine, *index, now, out);
}

void Router::State::send_parts(Engine& engine, ModuleIndex index, Now now, Outbox& out) {
  Module& module = modules.get(index);
  EngineModule& on_engine = engine.modules.at(index);
  if (on_engine.state != EngineModule::State::sending || !engine.task_link) return;
  if (!module.whole) return want_bytes(index, now, out);
  module.used_at = now.steady;
  const std::uint64_t until = std::min(module.size, on_engine.allowed);
  while (on_engine.sent_bytes < until) {
    const Buffer& bytes = module.parts[on_engine.sent_bytes / wire::kPartBytesMax];
    wire::Message message = encode(wire::Part{module.build, on_engine.sent_bytes});
    message.frames.push_back(bytes);
    out.sends.push_back({*engine.task_link, std::move(message)});
    on_engine.sent_bytes += bytes.size();
  }
  if (on_engine.sent_bytes == module.size) on_engine.state = EngineModule::State::sent;
}

// They are on the disk, or with a client.
void Router::State::want_bytes(ModuleIndex index, Now now, Outbox& out) {
  Module& module = modules.get(index);
  if (module.whole || module.fetching) return;
  if (!module.stored) return ask_client(index, now, out);
  module.fetching = true;
  out.fetches.push_back(module.build);
}

void Router::State::on_module_read(const ContentHash& build, Result<Frames> parts, Now now,
                                   Outbox& out) {
  const auto index = modules.find(build);
  if (!index) return;
  Module& module = modules.get(*index);
  module.fetching = false;
  if (!module.stored || module.whole) return;
  if (!parts) {  // somebody deleted or damaged it: as if it had never been kept
    module.stored = false, module.received = 0;
    if (std::exchange(module.counted, false)) modules.bytes -= module.size;
    return ask_client(*index, now, out);
  }
  module.parts = std::move(*parts);
  module.whole = true;
  module.used_at = now.steady;
  send_waiting(*index, now, out);
}

// The bytes are here now: engines that wanted some go on.
void Router::State::send_waiting(ModuleIndex index, Now now, Outbox& out) {
  engines.each([&](Engine& engine) {
    if (engine.modules.contains(index)) send_parts(engine, index, now, out);
  });
}

void Router::State::on_have(Engine& engine, const wire::Have& have, Outbox& out) {
  if (!modules.find(have.build) && modules.full()) return;
  const ModuleIndex index = modules.index_of(have.build);
  Module& module = modules.get(index);
  if (module.order == 0) {
    module.name = have.name.substr(0, wire::kModuleNameMax);
    module.size = have.size;
  }
  touch(engine);
  ready.wake_picky(tasks);
  engine.awaited_modules.erase(index);
  EngineModule& on_engine = engine.modules[index];
  on_engine.code = have.code, on_engine.text = have.text.substr(0, ModuleTable::kFailureTextMax);
  on_engine.own = have.own;
  if (!have.code.empty()) {
    on_engine.state = EngineModule::State::failed;
    return note_trouble(index, on_engine, out);
  }
  on_engine.state = EngineModule::State::loaded;
  note_loaded(index, out);
  if (!module.tasks.empty()) return;
  module.tasks = have.tasks;
  settle_module(index, out);
}

// Who joined while no engine could load it is offered it now.
void Router::State::note_loaded(ModuleIndex index, Outbox& out) {
  Module& module = modules.get(index);
  const bool stays = module.trouble_code.empty() || module.deadly();
  if (module.loaded && stays) return;
  module.loaded = true;
  if (!stays) {
    module.trouble_code.clear(), module.trouble_text.clear();
    engines.each([&](Engine& engine) {
      if (module.everywhere && engine.presence == Presence::online &&
          !engine.modules.contains(index))
        offer_module(engine, index, out);
    });
  }
  note_verdict(module, out);
}

// An engine could not load it. While no other one has, clients do not mean it any longer.
void Router::State::note_trouble(ModuleIndex index, const EngineModule& on_engine, Outbox& out) {
  Module& module = modules.get(index);
  const bool says_more = module.trouble_code.empty() ||
                         (!module.withheld() && on_engine.code != to_string(Errc::refused));
  if (module.loaded || !says_more) return;
  module.trouble_code = on_engine.code, module.trouble_text = on_engine.text;
  note_verdict(module, out);
  settle_module(index, out);
}

// An engine process died of it: no other one shall. Those that have it whole may be loading it.
void Router::State::note_deadly(const ContentHash& build, const std::string& why, Outbox& out) {
  const auto index = modules.find(build);
  if (!index || modules.get(*index).deadly()) return;
  Module& module = modules.get(*index);
  module.trouble_code = to_string(Errc::engine_lost);
  module.trouble_text =
      "an engine died while it loaded the module: " + why.substr(0, ModuleTable::kFailureTextMax);
  withdraw(*index, out);
  note_verdict(module, out);
  settle_module(*index, out);
  wake_all();
}

// --- Tasks.

Standing Router::State::standing(Engine& engine, const std::vector<ModuleIndex>& needs, Now now,
                                 Outbox& out, wire::ErrorValue& error) {
  Standing result = Standing::ready;
  for (const ModuleIndex index : needs) {
    Module& module = modules.get(index);
    const auto on_engine = engine.modules.find(index);
    if (on_engine != engine.modules.end() && on_engine->second.answered()) {
      if (on_engine->second.state == EngineModule::State::loaded) continue;
      error = {"ModuleNotLoaded",
               "engine " + std::to_string(engine.index) + " could not load the build " +
                   short_text(module.build) + " of " + module.name + ": " + on_engine->second.text,
               ""};
      return Standing::failed;
    }
    if (!module.failure.empty()) {
      error = {"ModuleNotLoaded",
               "the build " + short_text(module.build) + " of " + module.name +
                   " cannot be had: " + module.failure,
               ""};
      return Standing::failed;
    }
    result = Standing::waits;
    if (module.kept() && on_engine == engine.modules.end()) {
      offer_module(engine, index, out);
      if (engine.modules.contains(index) && engine.modules[index].answered())
        return standing(engine, needs, now, out, error);
    } else if (!module.kept()) {
      ask_client(index, now, out);
    }
  }
  return result;
}

// Whether the first task of a lane may go to its engine now; those that never can are ended.
bool Router::State::lane_may_go(Engine& engine, Lane& lane, Now now, Outbox& out) {
  for (std::size_t ended = 0; !lane.waiting.empty(); ++ended) {
    const Task& first = tasks.get(lane.waiting.first);
    if (first.lacks_frames) return false;
    const std::vector<ModuleIndex>& needs = templates[first.template_number].needs;
    if (needs.empty()) return true;
    wire::ErrorValue error;
    const Standing stands = standing(engine, needs, now, out, error);
    if (stands != Standing::failed) return stands == Standing::ready;
    if (ended == options.cascade_max) {
      more_work = true;
      unserved.push_back(engine.index);
      return false;
    }
    fail_task(lane.waiting.first, wire::Ending::error, error, now, out);
  }
  return false;
}

// No engine with room may take tasks of this shape: if none ever can, some of them end.
void Router::State::settle_shape(ShapeIndex index, Now now, Outbox& out) {
  const Shape& shape = ready.get(index);
  if (!shape.barred.empty() && !has_any_left(shape)) return end_barred(index, now, out);
  if (shape.needs.empty()) return;
  bool asked = false;
  wire::ErrorValue error;
  const bool hope = engines.any([&](Engine& engine) {
    if (!engine.takes_work() || !is_meant(shape, engine.index)) return false;
    asked = true;
    return standing(engine, shape.needs, now, out, error) != Standing::failed;
  });
  if (!hope && asked)
    end_shape(
        index, [&error](TaskIndex) { return error; }, now, out);
}

// Ends tasks of the shape with what `error_of` says; what is left of them in the next turn.
void Router::State::end_shape(ShapeIndex index,
                              const std::function<wire::ErrorValue(TaskIndex)>& error_of, Now now,
                              Outbox& out) {
  std::size_t left = ready.get(index).size;  // the shape may go with its last task
  for (std::size_t ended = 0; left > 0; ++ended, --left) {
    if (ended == options.cascade_max) {
      more_work = true;
      return unsettled.push_back(index);
    }
    const TaskIndex task = ready.take_any(tasks, index);
    tasks.get(task).state = TaskState::lacking;  // it stands in no queue any more
    const wire::ErrorValue error = error_of(task);
    fail_task(task, wire::Ending::error, error, now, out);
  }
}

void Router::State::wake_all() {
  engines.each([&](Engine& engine) { touch(engine); });
  ready.wake_picky(tasks);
}

}  // namespace roundhouse::hub

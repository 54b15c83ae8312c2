// Modules that clients ship, as the hub has them: taking them in, keeping them, forgetting them.
// PROTOCOL 13; modules_sent.cpp has their way to engines.
#include <algorithm>

#include "hub/core/router_state.hpp"
#include "shared/pack.hpp"

namespace roundhouse::hub {
namespace {

constexpr Duration kIdle = std::chrono::seconds{10};  // then a stored module leaves memory
constexpr std::size_t kBuildDigitsMin = 8;            // of what is to be removed

std::string bytes_text(std::uint64_t bytes) {
  return std::to_string(bytes) + " bytes";
}

ModuleKept kept_fact(const Module& module, bool with_bytes) {
  ModuleKept fact{module.build, module.name, module.size, module.order, module.everywhere, {}};
  if (with_bytes) fact.parts = module.parts;
  fact.loaded = module.loaded;
  fact.trouble_code = module.trouble_code, fact.trouble_text = module.trouble_text;
  return fact;
}

}  // namespace

// --- From clients.

void Router::State::on_offer(Session& session, const wire::Offer& offer, Now now, Outbox& out) {
  const bool sound = offer.size > 0 && offer.size <= wire::kModuleBytesMax &&
                     offer.name.size() <= wire::kModuleNameMax && !offer.build.empty();
  if (!sound || (!modules.find(offer.build) && modules.full()))
    return refuse_module(session, offer.build, Errc::too_large,
                         sound ? "the hub has heard of too many modules: start it anew"
                               : "a module has 1 to " + bytes_text(wire::kModuleBytesMax) +
                                     ", its name at most " + std::to_string(wire::kModuleNameMax),
                         out);
  const ModuleIndex index = modules.index_of(offer.build);
  Module& module = modules.get(index);
  if (module.order != 0 && module.size != offer.size)
    return refuse_module(session, offer.build, Errc::malformed,
                         "this build is known with another size", out);
  module.failure.clear();
  module.lacking_since.reset();
  module.size = offer.size, module.name = offer.name;
  module.used_at = now.steady;
  module.offerers.insert(session.number);
  const bool anew = offer.fresh || module.order == 0;
  const bool changes = anew || (offer.everywhere && !module.everywhere);
  module.everywhere = module.everywhere || offer.everywhere;
  if (changes) module.order = ++modules.last_order;
  if (anew) module.trouble_code.clear(), module.trouble_text.clear();
  if (!module.kept()) {
    if (module.source == 0) ask_client(index, now, out);
    return;
  }
  if (changes) keep(index, false, out);
  settle_module(index, out);
  if (changes) offer_to_all(index, out);
}

void Router::State::refuse_module(Session& session, const ContentHash& build, Errc code,
                                  const std::string& text, Outbox& out) {
  wire::Have have;
  have.build = build;
  have.code = to_string(code), have.text = text;
  if (session.usable()) out.sends.push_back({*session.task_link, encode(have)});
}

// The module cannot be had: whoever offers it is told, and tasks that need it end.
void Router::State::fail_module(ModuleIndex index, Errc code, const std::string& text,
                                Outbox& out) {
  Module& module = modules.get(index);
  module.failure = text.substr(0, ModuleTable::kFailureTextMax);
  module.source = 0, module.received = 0;
  module.parts.clear();
  if (std::exchange(module.counted, false)) modules.bytes -= module.size;
  for (const SessionNumber number : std::exchange(module.offerers, {}))
    refuse_module(sessions.get(number), module.build, code, text, out);
  withdraw(index, out);
  wake_all();
}

// Asks one of the clients that offer it, from where the one before had come to.
void Router::State::ask_client(ModuleIndex index, Now now, Outbox& out) {
  Module& module = modules.get(index);
  if (module.source != 0 || module.kept()) return;
  if (module.offerers.empty()) {
    if (!module.lacking_since) module.lacking_since = now.steady;
    return withdraw(index, out);
  }
  if (!module.counted) {
    make_room(module.size, out);
    if (modules.bytes + module.size > options.modules_bytes_max)
      return fail_module(index, Errc::over_quota,
                         "the hub keeps at most " + bytes_text(options.modules_bytes_max) +
                             " of modules, and tasks need those that it has: raise "
                             "modules.bytes_max, or ship it later",
                         out);
    modules.bytes += module.size;
    module.counted = true;
  }
  if (module.received == 0) module.hasher = ContentHasher(), module.parts.clear();
  module.source = *module.offerers.begin();
  module.asked_through = module.received + wire::kPartWindowBytes;
  const Session& source = sessions.get(module.source);
  out.sends.push_back({*source.task_link, encode(wire::Want{module.build, module.received})});
}

// Forgets the modules that were loaded longest ago and that no task needs.
void Router::State::make_room(std::uint64_t bytes, Outbox& out) {
  if (modules.bytes + bytes <= options.modules_bytes_max) return;
  std::set<ModuleIndex> needed;
  sessions.each([&](const Session& session) {
    if (session.unfinished == 0) return;
    for (const TemplateNumber number : session.templates)
      if (number != 0)
        needed.insert(templates[number].needs.begin(), templates[number].needs.end());
  });
  engines.each([&](const Engine& engine) {
    for (const auto& [index, on_engine] : engine.modules)
      if (on_engine.state == EngineModule::State::sending) needed.insert(index);
  });
  std::vector<ModuleIndex> oldest;
  modules.each([&](ModuleIndex index, const Module& module) {
    if (module.kept() && !module.fact && !module.fetching && !needed.contains(index))
      oldest.push_back(index);
  });
  std::ranges::sort(oldest, {}, [&](ModuleIndex index) { return modules.get(index).order; });
  for (const ModuleIndex index : oldest) {
    if (modules.bytes + bytes <= options.modules_bytes_max) return;
    Module& module = modules.get(index);
    module.whole = module.stored = module.counted = false;
    module.received = 0;
    module.parts.clear();
    modules.bytes -= module.size;
    emit(ModuleDropped{module.build}, out);
  }
}

// Forgets a module for good: engines that have loaded it keep it, and nobody else gets it.
Result<wire::Raw> Router::State::remove_module(const std::string& digits, Outbox& out) {
  if (digits.size() < kBuildDigitsMin)
    return Error{Errc::invalid, "name the build by 8 of its 64 hexadecimal digits or more"};
  std::vector<ModuleIndex> found;
  modules.each([&](ModuleIndex index, const Module& module) {
    if (module.order != 0 && to_string(module.build).starts_with(digits)) found.push_back(index);
  });
  if (found.size() != 1)
    return Error{Errc::unknown_module,
                 (found.empty() ? "the hub keeps no module" : "the hub keeps several modules") +
                     std::string(" whose build begins with '") + digits.substr(0, 64) +
                     "': `roundhouse modules` lists them"};
  Module& module = modules.get(found.front());
  emit(ModuleDropped{module.build}, out);
  unstored_modules.erase(found.front());
  module.fact.reset();
  module.whole = module.stored = module.everywhere = module.loaded = false;
  module.order = 0;
  module.trouble_code.clear(), module.trouble_text.clear();
  module.lacking_since.reset();
  engines.each([&](Engine& engine) {
    const auto on_engine = engine.modules.find(found.front());
    if (on_engine != engine.modules.end() && on_engine->second.state == EngineModule::State::failed)
      engine.modules.erase(on_engine);
  });
  fail_module(found.front(), Errc::unknown_module, "it was removed from the hub", out);
  wire::Raw body;
  wire::Packer p{body.bytes};
  p.map(2);
  p.str("build"), p.str(to_string(module.build));
  p.str("name"), p.str(module.name);
  return body;
}

void Router::State::on_part(Session& session, const wire::Message& message, const wire::Part& part,
                            Now now, Outbox& out) {
  const auto index = modules.find(part.build);
  if (!index || message.frames.size() != 1) return;
  Module& module = modules.get(*index);
  const std::uint64_t size = message.frames.front().size();
  if (module.source != session.number || part.at != module.received ||
      size != std::min<std::uint64_t>(module.size - module.received, wire::kPartBytesMax))
    return;
  module.used_at = now.steady;
  module.hasher.add(message.frames.front().view());
  module.parts.push_back(message.frames.front());
  module.received += size;
  if (module.received < module.size) {
    if (module.received + wire::kPartWindowBytes / 2 < module.asked_through) return;
    module.asked_through = module.received + wire::kPartWindowBytes;
    out.sends.push_back({*session.task_link, encode(wire::Want{module.build, module.received})});
    return;
  }
  module.source = 0;
  if (module.hasher.finish() != module.build) {
    module.offerers.erase(session.number);
    refuse_module(session, module.build, Errc::malformed,
                  "what came is not what was promised: the content hash differs", out);
    module.received = 0, module.parts.clear();
    return ask_client(*index, now, out);
  }
  module.whole = true;
  keep(*index, true, out);
  settle_module(*index, out);
  send_waiting(*index, now, out);
  offer_to_all(*index, out);
}

// For the record: with the bytes when they are new.
void Router::State::keep(ModuleIndex index, bool with_bytes, Outbox& out) {
  Module& module = modules.get(index);
  emit(kept_fact(module, with_bytes), out);
  if (options.durability == Durability::none) return;
  module.fact = counters.facts;
  unstored_modules.insert(index);
}

// What engines said of it has changed.
void Router::State::note_verdict(const Module& module, Outbox& out) {
  if (module.kept()) emit(kept_fact(module, false), out);
}

// Says `have` to those that offer it, when it is kept as well as this hub keeps anything, with what
// engines have said of it.
void Router::State::settle_module(ModuleIndex index, Outbox& out) {
  const Module& module = modules.get(index);
  if (!module.kept() || module.fact) return;
  wire::Have have;
  have.build = module.build, have.name = module.name, have.size = module.size;
  have.kept = true;
  have.tasks = module.tasks;
  if (!module.loaded) have.code = module.trouble_code, have.text = module.trouble_text;
  for (const SessionNumber number : module.offerers)
    out.sends.push_back({*sessions.get(number).task_link, encode(have)});
}

void Router::State::settle_modules(Outbox& out) {
  for (auto it = unstored_modules.begin(); it != unstored_modules.end();) {
    Module& module = modules.get(*it);
    if (module.fact && facts_stored < *module.fact) {
      ++it;
      continue;
    }
    module.fact.reset();
    module.stored = true;
    const ModuleIndex index = *it;
    it = unstored_modules.erase(it);
    settle_module(index, out);
  }
}

// A client's connection is gone: another one that offers the same goes on where it was.
void Router::State::modules_lose_client(SessionNumber session, Now now, Outbox& out) {
  modules.each([&](ModuleIndex index, Module& module) {
    if (module.offerers.erase(session) == 0 || module.source != session) return;
    module.source = 0;
    ask_client(index, now, out);
  });
}

// --- Time.

void Router::State::expire_modules(Now now, Outbox& out) {
  std::set<ModuleIndex> sending;
  engines.each([&](Engine& engine) {
    if (!engine.awaited_modules.empty() && now.steady >= engine.awaited_until) {
      engine.awaited_modules.clear();
      touch(engine);
    }
    for (const auto& [index, on_engine] : engine.modules)
      if (on_engine.state == EngineModule::State::sending) sending.insert(index);
  });
  modules.each([&](ModuleIndex index, Module& module) {
    if (module.lacking_since && now.steady - *module.lacking_since >= options.orphan) {
      module.lacking_since.reset();
      fail_module(index, Errc::unknown_module,
                  "no client that is here has its bytes: ship it again", out);
    }
    const bool idle = module.whole && module.stored && !module.fact &&
                      now.steady - module.used_at >= kIdle && !sending.contains(index);
    if (!idle) return;
    module.whole = false;
    module.parts.clear();
  });
}

void Router::State::restore_modules(const Restored& restored) {
  for (const auto& known : restored.modules) {
    Module& module = modules.get(modules.index_of(known.build));
    module.name = known.name, module.size = known.size;
    module.order = known.order, module.everywhere = known.everywhere;
    module.loaded = known.loaded;
    module.trouble_code = known.trouble_code, module.trouble_text = known.trouble_text;
    module.stored = module.counted = true;
    modules.bytes += known.size;
    modules.last_order = std::max(modules.last_order, known.order);
  }
}

// --- Questions.

wire::Raw Router::State::modules_body() {
  const auto name_of = [](EngineModule::State state) -> std::string_view {
    if (state == EngineModule::State::loaded) return "loaded";
    return state == EngineModule::State::failed ? "failed" : "loading";
  };
  std::vector<std::vector<std::pair<EngineIndex, const EngineModule*>>> places(modules.size());
  engines.each([&](const Engine& engine) {
    if (engine.presence == Presence::lost) return;
    for (const auto& [index, on_engine] : engine.modules)
      places[index].emplace_back(engine.index, &on_engine);
  });
  wire::Raw body;
  wire::Packer p{body.bytes};
  const auto text = [&p](std::string_view key, std::string_view value) {
    p.str(key), p.str(value);
  };
  std::size_t count = 0;
  modules.each([&](ModuleIndex index, const Module& module) {
    count += module.kept() || !places[index].empty() ? 1U : 0U;
  });
  p.map(2);
  p.str("bytes"), p.u64(modules.bytes);
  p.str("modules"), p.array(count);
  modules.each([&](ModuleIndex index, const Module& module) {
    if (!module.kept() && places[index].empty()) return;
    p.map(10);
    text("build", to_string(module.build)), text("name", module.name);
    p.str("size"), p.u64(module.size);
    p.str("order"), p.u64(module.order);
    p.str("everywhere"), p.boolean(module.everywhere);
    p.str("kept"), p.boolean(module.kept());
    p.str("withheld"), p.boolean(module.withheld());
    text("trouble", module.trouble_text);
    p.str("tasks"), p.array(module.tasks.size());
    for (const std::string& task : module.tasks) p.str(task);
    p.str("engines"), p.array(places[index].size());
    for (const auto& [engine, on_engine] : places[index]) {
      p.map(5);
      p.str("engine"), p.u64(engine);
      p.str("own"), p.boolean(on_engine->own);
      text("state", name_of(on_engine->state));
      text("code", on_engine->code), text("text", on_engine->text);
    }
  });
  return body;
}

void Router::on_module_read(const ContentHash& build, Result<Frames> parts, Now now, Outbox& out) {
  state_->on_module_read(build, std::move(parts), now, out);
}

}  // namespace roundhouse::hub

#pragma once

// CORE. The inside of Router: its tables, and its rules by chapter. Only hub/core includes this.

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "hub/core/abort_job.hpp"
#include "hub/core/dependency_queues.hpp"
#include "hub/core/dependency_table.hpp"
#include "hub/core/engine_table.hpp"
#include "hub/core/explanation.hpp"
#include "hub/core/peer_table.hpp"
#include "hub/core/placements.hpp"
#include "hub/core/ready_queue.hpp"
#include "hub/core/router.hpp"
#include "hub/core/router_nouns.hpp"
#include "hub/core/search.hpp"
#include "hub/core/session_table.hpp"
#include "hub/core/steering.hpp"
#include "hub/core/task_table.hpp"
#include "hub/core/trouble.hpp"
#include "hub/core/watch_list.hpp"
#include "shared/pack.hpp"
#include "shared/records.hpp"

namespace roundhouse::hub {

struct Router::State {
  State(const RouterOptions& with, const Restored& restored, Now at);

  // --- peers.cpp: hello, welcome, losing connections, heartbeats
  void on_hello(LinkId link, const wire::Hello& hello, Now now, Outbox& out);
  void admit(PeerIndex peer, Now now, Outbox& out);
  void admit_client(PeerIndex peer, Now now, Outbox& out);
  void admit_engine(PeerIndex peer, Now now, Outbox& out);
  void drop_peer(PeerIndex peer, Now now, Outbox& out);
  void forget(const Session& session);
  void refuse(LinkId link, Errc code, const std::string& text, bool fatal, Outbox& out);
  void check_liveness(Now now, Outbox& out);
  void part_with_strangers(bool was_stopped, Now now, Outbox& out);
  void send_welcome(const Peer& peer, const wire::Welcome& welcome, Outbox& out);
  static std::string standing_error(const Engine& engine, const wire::Hello& hello);
  std::string hello_error(const wire::Hello& hello, Side side, Errc& code);

  // --- intake.cpp: templates and submissions; what a restart brings back
  void open_session(Session& session, Now now, Outbox& out);
  void on_define(Session& session, const wire::Define& define, LinkId link, Now now, Outbox& out);
  void on_submit(Session& session, LinkId link, const wire::Message& message, Now now, Outbox& out);
  // Why the batch in `submits` must not be taken, and as what.
  [[nodiscard]] std::optional<Error> submission_error(const Session& session) const;
  // `dependence`: of the tasks of this record, made for the first that needs it.
  void accept(Session& session, const wire::SubmitRecord& record, std::uint32_t index,
              std::int64_t at_us, Now now, DependenceIndex& dependence);
  void take_again(Session& session, const wire::SubmitRecord& record, std::uint32_t count);
  void supply(Session& session, const wire::SubmitRecord& record, std::uint32_t index);
  void enqueue(TaskIndex index, bool in_front);
  void unqueue(TaskIndex index);
  void restore(const Restored& restored, Now now);
  void restore_pending(const Restored::Pending& pending, Now now);
  void restore_undelivered(const Ended& ended);
  [[nodiscard]] bool is_full(const Session& session) const;
  std::uint64_t credit_tasks(const Session& session) const;
  std::uint64_t credit_bytes(const Session& session) const;

  // --- outcomes.cpp: the end of a task
  void on_finished(Engine& engine, const wire::Message& message, LinkId link, Now now, Outbox& out);
  bool finish(Engine& engine, const wire::FinishedRecord& record, std::uint64_t number, Now now,
              Outbox& out);
  wire::OutcomeRecord outcome_of(TaskIndex, const wire::FinishedRecord& record, const Engine& by);
  void settle_late(Session& session, std::uint64_t sequence, Engine& engine, std::uint64_t number);
  void finish_left_behind(TaskIndex index, const wire::FinishedRecord& record, Engine& engine,
                          std::uint64_t number, Now now, Outbox& out);
  void end_task(TaskIndex index, wire::OutcomeRecord record, const Engine* engine,
                std::uint64_t outcome_number, Now now, Outbox& out);
  void fail_task(TaskIndex index, wire::Ending ending, const wire::ErrorValue& error, Now now,
                 Outbox& out, Slice printed = {});
  void join_engine(Engine& engine, TaskIndex index, std::uint64_t number, Fence fence);
  void leave_engine(Task& task);

  // --- delivery.cpp: its way to the client
  void on_received(Session& session, const wire::Received& m, Now now, Outbox& out);
  void confirm(const Undelivered& outcome);
  void on_output(const Engine& from, const wire::Output& part, LinkId link, Now now, Outbox& out);
  void deliver(Session& session, Outbox& out);

  // --- watermarks.cpp: what is accepted and what is stored, and saying so
  void say_accepted(Session& session, bool now_due, Outbox& out);
  void say_stored(Engine& engine, bool now_due, Outbox& out);
  [[nodiscard]] std::uint64_t stored_of(const Engine& engine) const;
  void mark(bool of_engine, std::uint32_t owner, std::uint32_t incarnation, std::uint64_t through);
  void settle_marks();
  void emit(Fact fact, Outbox& out);

  // --- dependencies.cpp: what tasks wait for
  DependenceIndex begin_dependence(Session& session, const wire::SubmitRecord& record,
                                   std::int64_t at_us, Now now);
  // Nothing for most tasks.
  [[nodiscard]] DependsOn depends_of(const Task& task);
  void wait_for(DependenceIndex index, TaskIndex task);
  void leave_dependence(const Task& task);
  void unpin(DependenceIndex index);
  void release_dependence(DependenceIndex index);
  void consider(DependenceIndex index, Now now);
  void consider_at_once(DependenceIndex index, Now now, Outbox& out);
  std::optional<wire::TaskRange> find_lacking(const Dependence& dependence);
  void expect(DependenceIndex index, const wire::TaskRange& unknown, Now now);
  void give_up_expecting(DependenceIndex index, const wire::TaskRange& unknown);
  void on_accepted(const Session& session, Now now);
  DependencyTable::Census take_census(const Session& session, const DependencyTable::Block& block);
  void look_at(DependenceIndex index, bool of_follow);
  static TaskId find_culprit(const Session& session, const DependencyTable::Block& block,
                             const wire::DependencyMode& mode);
  void tell_dependents(Session& session, Task& task, const wire::OutcomeRecord& record);
  void hear(const Heard& news, TaskId of, const wire::OutcomeRecord* record);
  void decide(DependenceIndex index, Dependence::Stage stage);
  void pass_dependence(DependenceIndex index);
  void refuse_dependence(DependenceIndex index, Unmet unmet);
  void expire_dependencies(Now now);
  void release_met(Now now, Outbox& out);
  bool release_tasks(DependenceIndex index, std::size_t& left, Now now, Outbox& out);
  std::size_t end_unmet(std::size_t left, Now now, Outbox& out);

  // --- cycles.cpp
  [[nodiscard]] bool leads_back(DependenceIndex start);
  [[nodiscard]] bool names_later(const Dependence& dependence);
  void consider_restored(Now now);

  // --- following.cpp: where those may run that follow others
  // Where a task may run: as its template says, or less; without regard to where it failed.
  [[nodiscard]] ShapeIndex base_shape_of(const Task& task);
  [[nodiscard]] bool may_return(EngineIndex index);
  [[nodiscard]] bool is_place(const Dependence& dependence, EngineIndex engine);
  [[nodiscard]] Ran where_they_ran(const Dependence& dependence, const std::vector<RanOn>* answer);
  bool find_place(DependenceIndex index, const std::vector<RanOn>* answer, Outbox& out);
  void on_places(std::uint64_t question, std::vector<RanOn> answer, Outbox& out);
  void end_without_place(Now now, Outbox& out);

  // --- unmet.cpp: why tasks end whose dependencies are not met, in words
  [[nodiscard]] std::string name_of_task(TaskId id);
  [[nodiscard]] std::string why_waiting(const Dependence& dependence);
  void fail_dependence(DependenceIndex index, bool of_follow, TaskId culprit,
                       const wire::OutcomeRecord* record);
  [[nodiscard]] static Unmet invalid_order(const Dependence& dependence,
                                           const wire::TaskRange& range);
  [[nodiscard]] Unmet circular(const Dependence& dependence);
  [[nodiscard]] Unmet never_submitted(const wire::TaskRange& unknown);
  [[nodiscard]] Unmet too_late(const Dependence& dependence);
  [[nodiscard]] Unmet no_place(const Dependence& dependence, const Ran& ran);
  [[nodiscard]] Unmet place_gone(const std::vector<EngineIndex>& places);
  [[nodiscard]] Unmet elsewhere(const Dependence& dependence, EngineIndex engine);

  // --- retries.cpp: tasks that were tried in vain
  [[nodiscard]] ShapeIndex shape_of(TaskIndex index);
  [[nodiscard]] static bool is_meant(const Shape& shape, EngineIndex engine);
  bool has_other(const Shape& shape, Now now, Outbox& out);
  bool has_any_left(const Shape& shape);
  template <class F>
  bool any_meant(const Shape& shape, F&& f);  // in retries.cpp alone
  Trouble& trouble_of(TaskIndex index);
  void forget_trouble(TaskIndex index);
  void join_shape(TaskIndex index, Trouble& trouble);
  void rejoin_shape(TaskIndex index);
  void note_try(TaskIndex index, Fence fence, std::optional<EngineIndex> where,
                wire::Attempt attempt);
  void forget_try(TaskIndex index, Fence fence);
  bool try_again(TaskIndex index, const wire::FinishedRecord& record, EngineIndex where, Now now,
                 Outbox& out);
  void exclude(TaskIndex index, EngineIndex engine, bool for_good, const std::string& lacks);
  void rest(TaskIndex index, Now now, Outbox& out);
  void wake_resting(Now now);
  Payload last_error(TaskIndex index, const wire::FinishedRecord& record, EngineIndex where);
  Payload payload_of(TaskIndex index, wire::ErrorValue error);
  void end_barred(ShapeIndex shape, Now now, Outbox& out);

  // --- orphans.cpp: what engines have of tasks that this hub does not know yet
  bool keep_orphan(TaskId task, Orphan orphan);
  [[nodiscard]] bool has_room_for(const Engine& engine, TaskId orphan) const;
  void count_orphan(const Orphan& orphan);
  void uncount_orphan(const Orphan& orphan);
  void release_orphan(const Orphan& orphan);
  void release_held(const Orphan& orphan);
  void drop_orphans(Engine& engine, const std::function<bool(std::uint64_t)>& is_over);
  bool match_orphan(TaskIndex index, Now now, Outbox& out);
  void expire_orphans(Now now, Outbox& out);

  // --- engines.cpp: what a returning engine holds; losing an engine
  [[nodiscard]] bool is_from_before(Fence fence) const;

  void on_holding(Engine& engine, const wire::Message& message, LinkId link, Now now, Outbox& out);
  [[nodiscard]] bool is_outdone(const Task& task, Fence by) const;
  void call_off(TaskIndex index, Outbox& out);
  void adopt(Engine& engine, TaskIndex index, std::uint64_t number, Fence fence);
  void reconcile(Engine& engine, Now now, Outbox& out);
  void on_died(Engine& engine, const wire::Died& died, Now now, Outbox& out);
  // Ends the incarnation: tasks that `died` names (null: all may have begun) are lost with it.
  void lose(Engine& engine, const wire::Died* died, const std::string& why, Now now, Outbox& out);
  void begun_and_lost(Engine&, std::size_t run, const wire::Died&, Now now, Outbox& out);
  void end_lanes(Engine& engine, const std::string& why);
  void give_up_restart(Engine& engine, Outbox& out);
  void disconnect(Engine& engine, Now now, Outbox& out);
  void hint(const char* event, const Engine& engine, Outbox& out);

  // --- modules_kept.cpp
  void on_offer(Session& session, const wire::Offer& offer, Now now, Outbox& out);
  void on_part(Session& session, const wire::Message& message, const wire::Part& part, Now now,
               Outbox& out);
  void refuse_module(Session&, const ContentHash& build, Errc, const std::string& text,
                     Outbox& out);
  void fail_module(ModuleIndex index, Errc code, const std::string& text, Outbox& out);
  void ask_client(ModuleIndex index, Now now, Outbox& out);
  void make_room(std::uint64_t bytes, Outbox& out);
  Result<wire::Raw> remove_module(const std::string& digits, Outbox& out);
  void keep(ModuleIndex index, bool with_bytes, Outbox& out);
  void note_verdict(const Module& module, Outbox& out);
  void settle_module(ModuleIndex index, Outbox& out);
  void settle_modules(Outbox& out);
  void modules_lose_client(SessionNumber session, Now now, Outbox& out);
  void expire_modules(Now now, Outbox& out);
  void restore_modules(const Restored& restored);
  wire::Raw modules_body();

  // --- modules_sent.cpp
  std::vector<ModuleIndex> needs_of(const wire::Define& define);
  void offer_to_all(ModuleIndex index, Outbox& out);
  void offer_modules(Engine& engine, Now now, Outbox& out);
  void offer_module(Engine& engine, ModuleIndex index, Outbox& out);
  void on_want(Engine& engine, const wire::Want& want, Now now, Outbox& out);
  void withdraw(ModuleIndex index, Outbox& out);
  void send_parts(Engine& engine, ModuleIndex index, Now now, Outbox& out);
  void send_waiting(ModuleIndex index, Now now, Outbox& out);
  void want_bytes(ModuleIndex index, Now now, Outbox& out);
  void on_module_read(const ContentHash& build, Result<Frames> parts, Now now, Outbox& out);
  void on_have(Engine& engine, const wire::Have& have, Outbox& out);
  void note_trouble(ModuleIndex index, const EngineModule& on_engine, Outbox& out);
  void note_loaded(ModuleIndex index, Outbox& out);
  void note_deadly(const ContentHash& build, const std::string& why, Outbox& out);
  // Whether an engine has answered for these modules; sets going what is lacking. `error` says why
  // not, when it never will.
  Standing standing(Engine& engine, const std::vector<ModuleIndex>& needs, Now now, Outbox& out,
                    wire::ErrorValue& error);
  bool lane_may_go(Engine& engine, Lane& lane, Now now, Outbox& out);
  void settle_shape(ShapeIndex shape, Now now, Outbox& out);
  void end_shape(ShapeIndex index, const std::function<wire::ErrorValue(TaskIndex)>& error_of,
                 Now now, Outbox& out);
  void wake_all();

  // --- scheduler.cpp: placement, windows, lanes
  void schedule(Now now, Outbox& out);
  void serve_changed(Now now, Outbox& out);
  void say_lazily(Now now, Outbox& out);
  void look_at(Engine& engine, Now now, Outbox& out);
  void place(Now now, Outbox& out);
  void place_ready(Now now, Outbox& out);
  std::uint32_t group_for(const Engine& engine, ShapeIndex shape);
  Engine* find_open(ShapeIndex shape, Now now, Outbox& out);
  void serve_lanes(Engine& engine, Now now, Outbox& out);
  void assign(Engine& engine, TaskIndex index, Now now, Outbox& out);
  void list(Engine& engine);
  void learn(Engine& engine, std::uint64_t duration_ns, std::size_t count, const Session* whose);
  void place_strangers();
  void run_cascades(Now now, Outbox& out);
  void expire_lacking(Now now, Outbox& out);
  void flush(Engine& engine, Outbox& out);

  // --- aborts.cpp: work that clients want to end
  Result<void> begin_abort(LinkId link, const wire::Request& request);
  void run_aborts(Now now, Outbox& out);
  void abort_assigned(AbortJob& job, Now now, Outbox& out);
  void abort_some(AbortJob& job, std::size_t& ends, std::size_t& looks, Now now, Outbox& out);
  void abort_task(AbortJob& job, TaskIndex index, std::size_t& ends, Now now, Outbox& out);
  bool mark_ahead(Session& session, AbortJob& job, std::uint64_t last, Now now, Outbox& out);
  void ask_to_stop(TaskIndex index, bool force);
  void send_stops(Outbox& out);
  bool ends_aborted(TaskIndex, const wire::FinishedRecord& run, Begun begun, Now now, Outbox& out);
  void doom(TaskIndex index);

  // --- rebalance.cpp: work that is taken back
  void rebalance(Now now, Outbox& out);
  [[nodiscard]] bool is_slow(const Engine& engine, Now now) const;
  void on_revoked(Engine& engine, const wire::Revoked& revoked, Now now);
  std::uint32_t take_back(Engine& engine, std::uint32_t room, Now now, Outbox& out);
  bool fits_idle(const Shape& shape, Now now, Outbox& out);

  // --- requests.cpp: what clients ask on control
  void on_request(const Peer&, LinkId link, const wire::Request& request, Now now, Outbox& out);
  [[nodiscard]] Result<wire::Raw> answer_at_once(const wire::Request& request, Now now);
  Result<wire::Raw> policy_body(const wire::Raw& request, Outbox& out);
  wire::Raw engines_body();
  wire::Raw status_body(Now now);
  struct Steer;  // steer.hpp: what they want of engines

  // --- queues.cpp: what engines have, and what nobody has
  Result<wire::Raw> queue_status_body(const wire::Raw& request);
  void pack_queue(Engine& engine, bool verbose, std::size_t& room, wire::Packer& p);
  std::vector<TaskId> unassigned_ids(std::size_t& room);

  // --- live.cpp: unfinished tasks: their records, their arguments, who watches them
  [[nodiscard]] TaskId id_of(const Task& task);
  [[nodiscard]] TaskIndex find_live(TaskId task);
  [[nodiscard]] Known knowledge_of(TaskId task);
  [[nodiscard]] bool is_running(const Task& task);
  [[nodiscard]] Record record_of(const Task& task);
  Result<wire::Raw> result_status_body(const wire::Raw& request);
  Result<void> watch(LinkId link, const wire::Request& request, Now now);
  void expire_doubts(Now now);
  // The arguments of an unfinished task; nothing when it is none.
  std::optional<Result<wire::Raw>> live_payload(const wire::Raw& request);

  // --- explain.cpp: why one of them waits
  EngineReason reason_of(Engine& engine, const Shape& shape);
  std::string why_ready(const Task& task, const std::vector<EngineReason>& reasons);
  std::vector<WaitsFor> unfinished_of(const Dependence& dependence);
  Explanation explain_task(TaskIndex index);
  Result<wire::Raw> explain_body(const wire::Raw& request);

  // --- search.cpp: questions about many of them
  Result<void> begin_search(Query query);
  void run_searches(Outbox& out);
  [[nodiscard]] std::size_t look_through(Search& search, std::size_t budget);
  void finish_search(Search search, Outbox& out);

  // --- router.cpp: the dispatch of messages, ticks and the turn
  void on_message(LinkId link, const wire::Message& message, Now now, Outbox& out);
  void on_task_plane(Peer& peer, LinkId link, wire::Kind kind, const wire::Message& message,
                     Now now, Outbox& out);
  void on_control_plane(const Peer& peer, LinkId link, wire::Kind kind,
                        const wire::Message& message, Now now, Outbox& out);
  void malformed(LinkId link, const Error& error, Now now, Outbox& out);
  void ask_who(LinkId link, Outbox& out);
  void expel(LinkId link, const std::string& text, Now now, Outbox& out);
  void touch(Session& session);
  void touch(Engine& engine);

  RouterOptions options;
  std::uint64_t epoch = 0;
  TimePoint started;
  Counters counters;
  PeerTable peers;
  SessionTable sessions;
  EngineTable engines;
  TaskTable tasks;
  ReadyQueue ready;
  DependencyTable dependencies;
  DependencyQueues awaited;
  Placements placements;
  Aborts aborts;
  Steering steering;
  std::vector<Template> templates{1};  // by number, from 1
  ModuleTable modules;
  std::set<ModuleIndex> unstored_modules;  // whose fact has not committed
  std::deque<Mark> marks;
  std::uint64_t turn = 0;
  std::uint64_t facts_stored = 0;
  std::unordered_map<TaskId, Orphan> orphans;
  std::vector<std::pair<SessionNumber, std::uint64_t>> lacking;  // restored without their frames
  std::deque<Cascade> cascades;
  std::deque<Search> searches;
  WatchList watches;
  std::deque<std::pair<TimePoint, TaskId>> doubts;  // watched and unknown, and until when
  std::deque<Cascade> strangers;  // direct tasks to unknown engines, which may still return
  std::vector<SessionNumber> dirty_sessions;
  std::vector<EngineIndex> dirty_engines;
  std::vector<EngineIndex> unserved;       // to be looked at in the next turn
  std::vector<ShapeIndex> unsettled;       // of which more tasks are to end in the next turn
  std::vector<EngineIndex> owing_engines;  // who are told something when its time has come
  std::vector<SessionNumber> owing_sessions;
  Policy policy;                           // knows which engines have room
  OrderedSet<EngineIndex> idle_engines;    // with room and a slot free
  OrderedSet<EngineIndex> behind_engines;  // that could be asked to give tasks back
  EngineIndex next_behind = 0;             // whom rebalance() looks at next
  std::unordered_map<TaskIndex, Trouble> troubles;
  std::set<std::pair<TimePoint, TaskIndex>> resting;  // until when, and who

  std::uint64_t hints = 0;
  std::size_t undelivered = 0;
  Grace grace;
  bool in_grace = false;
  TimePoint liveness_due, last_tick;
  std::optional<TimePoint> news_due, lazy_due;  // when is said what has come, what may wait
  std::optional<TimePoint> rebalance_due;
  bool more_work = false;     // something was left for the next turn
  std::string store_failure;  // empty: the store works

  // Scratch, kept for its capacity.
  wire::Batch<wire::SubmitRecord> submits;
  wire::Batch<wire::FinishedRecord> finished;
  wire::Batch<wire::HoldingRecord> held;
  std::vector<Heard> heard;
};

}  // namespace roundhouse::hub

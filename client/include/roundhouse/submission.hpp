// How views hand calls to their client. Not for programs.
//
// Thread rule: const functions are thread-safe.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <roundhouse/buffer.hpp>
#include <roundhouse/dependency.hpp>
#include <roundhouse/encoded.hpp>
#include <roundhouse/map_call.hpp>
#include <roundhouse/options.hpp>
#include <roundhouse/pending.hpp>
#include <roundhouse/requirement.hpp>
#include <roundhouse/targets.hpp>
#include <roundhouse/timeout.hpp>

namespace roundhouse {
struct AbortReport;
struct ControlOptions;
struct ControlReport;
class Jobs;
}  // namespace roundhouse

namespace roundhouse::detail {

// What is called. The views last as long as the call.
struct Function {
  std::string_view name;
  std::string_view signature;  // empty: any
  CallKind kind = CallKind::call;
  std::string_view build{};   // of the module to take it from; empty: what the client shipped
  std::string_view source{};  // of a lambda: see lambda_task.hpp
};

// Whether the caller waits for the result at once, and so will send the call itself.
enum class Urgency : std::uint8_t { later, waits };

// What tasks of a view have in common; it goes into their template (PROTOCOL 4).
struct TaskSettings {
  bool direct = true;
  std::string label;
  Limit time_limit = no_limit;
  // Of a load-balanced view alone.
  std::vector<int> targets;  // where its tasks may run; empty: anywhere
  std::uint32_t retries = 0;
  std::int32_t priority = 0;
  Limit timeout = no_limit;
  Predicate depend;
  Requirements require;

  friend auto operator<=>(const TaskSettings&, const TaskSettings&) = default;
};

// What all tasks of a view depend on, and the same as it is sent (PROTOCOL 14).
struct Depends {
  Dependency after;
  Dependency follow;
  Buffer ranges;

  // Null when both are empty. Throws Exception (too_large) when they are too much together.
  [[nodiscard]] static std::shared_ptr<const Depends> make(Dependency after, Dependency follow);
};

// All settings of a view.
struct ViewSettings {
  TaskSettings tasks;
  std::shared_ptr<const Depends> depends;  // shared by copies of the view and its tasks; null: none
  Targets engines = all;                   // of a direct view
  bool block = false;
  bool track = false;
  bool ordered = true;
  std::size_t chunk_size = 0;       // 0: automatic
  std::size_t outstanding_max = 0;  // 0: automatic
};

// Into which pieces a map is cut, and where they go (nowhere in particular when empty).
struct MapPlan {
  std::vector<std::size_t> sizes;
  std::vector<int> engines;
};

// Sizes of `pieces` pieces of `items` elements, as equal as can be, the larger ones first.
[[nodiscard]] std::vector<std::size_t> equal_pieces(std::size_t items, std::size_t pieces);

// A view's connection to its client, and its settings. Copies are independent; changing one is no
// concern of other threads as long as none of them uses it.
class Submitter {
 public:
  Submitter(std::shared_ptr<Shell> shell, ViewSettings settings);

  [[nodiscard]] const ViewSettings& settings() const { return settings_; }

  // Takes all that is given, or throws and takes nothing: as Targets::resolve, and Exception
  // (too_large) for dependencies on too many tasks.
  void set(const EngineOptions& options);
  void set(const ViewOptions& options);
  void set(const BalancedOptions& options);

  // The same with another limit for each run.
  [[nodiscard]] Submitter limited(Limit time_limit) const;

  // Submits one task per engine, or as many tasks as there are bodies where the scheduler chooses
  // (`engines` is empty). `bodies`: one for all tasks, or one each; they are moved from.
  // Throws ConnectionError when the client is closed or was refused, ForkedError, and Exception
  // (too_large) for arguments over the limits of the wire, (store_failed) while the hub has said
  // that its database cannot be written.
  [[nodiscard]] Pending submit(const Function& function, std::span<const int> engines,
                               std::span<Encoded> bodies, Urgency urgency) const;
  // A call of the view. Throws NoEnginesRegistered, too.
  [[nodiscard]] Pending submit_call(const Function& function, Encoded& arguments,
                                    Urgency urgency) const;
  // A map, one body per piece. Without pieces: a handle without tasks.
  [[nodiscard]] Pending submit_map(const Function& function, const MapPlan& plan,
                                   std::span<Encoded> pieces, Urgency urgency) const;

  // What control.hpp and Client::abort say, of these engines and of these tasks.
  ControlReport steer(std::string_view verb, const ControlOptions& options, int signal) const;
  AbortReport abort(const Jobs& jobs) const;
  AbortReport abort() const;

  // Ships the module to the hub and has these engines load it, as modules.hpp says. Without
  // engines: a handle without tasks.
  [[nodiscard]] Pending load(const std::string& path, std::span<const int> engines, bool everywhere,
                             Urgency urgency) const;

  // The engines of a direct view, now. Throws NoEnginesRegistered when there is none.
  [[nodiscard]] std::vector<int> engines() const;

  // How a map of so many elements is cut: on a direct view one contiguous piece per engine, else
  // as chunk_size says, or by the number of slots.
  [[nodiscard]] MapPlan map_plan(std::size_t items) const;
  // How many pieces of an imap there are at a time.
  [[nodiscard]] std::size_t window() const;

  // "[0,2]", or "all".
  [[nodiscard]] std::string targets_text() const;

 private:
  // Until the hub has what other clients of this program submitted: what tasks depend on should be
  // there before them.
  void await_others(const Dependency& dependency) const;
  // Slots of the engines that tasks may run on; 0 when none is known.
  [[nodiscard]] std::size_t slots() const;

  std::shared_ptr<Shell> shell_;  // shared by the client, its views and its handles
  ViewSettings settings_;
  std::uint32_t settings_number_ = 0;  // the client's, for finding templates quickly
  std::uint32_t view_ = 0;             // the same of a view and its copies, and of no other
};

}  // namespace roundhouse::detail

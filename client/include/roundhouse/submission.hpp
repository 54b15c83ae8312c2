// How views hand calls to their client. Not for programs.
//
// Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <roundhouse/encoded.hpp>
#include <roundhouse/pending.hpp>
#include <roundhouse/targets.hpp>

namespace roundhouse::detail {

// What is called. The views last as long as the call.
struct Function {
  std::string_view name;
  std::string_view signature;  // empty: any
  bool map = false;            // a piece of a map of it
};

// Whether the caller waits for the result at once, and so will send the call itself.
enum class Urgency : std::uint8_t { later, waits };

// What the calls of a view share.
struct ViewSettings {
  bool direct = true;
  bool block = false;
  bool track = false;  // tell when what is sent without a copy may be changed again
  std::string label;
  std::vector<int> targets;  // of a load-balanced view: where its tasks may run; empty: anywhere
  std::uint32_t retries = 0;
  std::int32_t priority = 0;
  std::size_t chunk_size = 0;  // 0: automatic

  friend bool operator==(const ViewSettings&, const ViewSettings&) = default;
};

// A view's connection to its client.
class Submitter {
 public:
  Submitter(std::shared_ptr<Shell> shell, ViewSettings settings);

  [[nodiscard]] const ViewSettings& settings() const { return settings_; }

  [[nodiscard]] Submitter with(ViewSettings settings) const {
    return {shell_, std::move(settings)};
  }

  // Submits one task per engine, or as many tasks as there are bodies where the scheduler chooses
  // (`engines` is empty). `bodies`: one for all tasks, or one each; they are moved from.
  // Throws ConnectionError when the client is closed or was refused, ForkedError, and Exception
  // (too_large) for arguments over the limits of the wire.
  [[nodiscard]] Pending submit(const Function& function, std::span<const int> engines,
                               std::span<Encoded> bodies, Urgency urgency) const;

  // Nothing to do: a handle without tasks.
  [[nodiscard]] Pending nothing() const;

  // The engines meant, now. Throws NoEnginesRegistered when there is none at all; as
  // Targets::resolve.
  [[nodiscard]] std::vector<int> engines(const Targets& targets) const;

  // Into how many pieces a load-balanced map of `items` elements is cut.
  [[nodiscard]] std::size_t pieces(std::size_t items) const;

 private:
  std::shared_ptr<Shell> shell_;  // shared by the client, its views and its handles
  ViewSettings settings_;
  std::uint32_t settings_number_ = 0;  // the client's, for finding templates quickly
};

}  // namespace roundhouse::detail

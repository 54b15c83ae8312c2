#include "engine/dispositions.hpp"

#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include <fcntl.h>

#include "shared/fd.hpp"

namespace roundhouse::engine {
namespace {

constexpr std::size_t kStatusBytes = 8U << 10U;

// The bits behind a name like "SigIgn:" in /proc/PID/status. Nothing: it is not there, or cut.
std::optional<SignalSet> signals_behind(std::string_view name, std::string_view status) {
  constexpr std::size_t kDigits = 16;
  const std::size_t at = status.find(name);
  if (at == std::string_view::npos || status.size() - at - name.size() < kDigits) return {};
  SignalSet out = 0;
  const char* digits = status.data() + at + name.size();
  if (std::from_chars(digits, digits + kDigits, out, 16).ptr != digits + kDigits) return {};
  return out;
}

SignalSet changed_signals() {
  const Fd file(open("/proc/self/status", O_RDONLY | O_CLOEXEC));
  const std::string status = read_up_to(file.get(), kStatusBytes).value_or("");
  const auto ignored = signals_behind("\nSigIgn:\t", status);
  const auto handled = signals_behind("\nSigCgt:\t", status);
  return ignored && handled ? *ignored | *handled : kAllSignals;
}

}  // namespace

SignalSet Dispositions::changed(TimePoint now) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t changes = changes_.load(std::memory_order_acquire);
  if (seen_after_ == changes && now - seen_at_ < kDispositionsKept) return seen_;
  seen_ = changed_signals();
  seen_after_ = changes;
  seen_at_ = now;
  return seen_;
}

}  // namespace roundhouse::engine

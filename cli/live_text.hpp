// LiveText: writes what a task prints while it runs, and then what is left of it.
//
//   LiveText live(results, [](OutputStream stream, std::string_view text) { ... });
//   watch.await(results, limit);
//   live.finish(result.out, result.err);
//
// Thread rule: the calls from one thread; `write` is called on the client's dispatcher thread, and
// by finish().
#pragma once

#include <array>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include <roundhouse/async_result.hpp>
#include <roundhouse/output.hpp>

namespace roundhouse::cli {

// What is still to be written of `all` that a task has printed when `written` came while it ran:
// that may have gone beyond the beginning that `all` has, whose line about what is left out counts
// anew then, and it may be of earlier attempts.
[[nodiscard]] std::string rest_of(std::string_view written, std::string_view all);

class LiveText {
 public:
  using Write = std::function<void(OutputStream stream, std::string_view text)>;

  // `results` are those of one task.
  template <class Results>
  LiveText(const Results& results, Write write) : heard_(std::make_shared<Heard>()) {
    heard_->write = std::move(write);
    // What comes with the outcome is finish()'s to write: it may be known better there.
    results.on_output([heard = heard_, results](const OutputPart& part) {
      if (results.ready()) return;
      const std::lock_guard lock(heard->mutex);
      const std::size_t stream = part.stream == OutputStream::out ? 0 : 1;
      // Behind a gap: finish() has what is missing.
      if (part.left_out > 0) heard->broken[stream] = true;
      if (!heard->write || heard->broken[stream]) return;
      heard->texts[stream] += part.text;
      heard->write(part.stream, part.text);
    });
    results.on_done([heard = heard_] { heard->over.set_value(); });
  }

  LiveText(const LiveText&) = delete;
  LiveText& operator=(const LiveText&) = delete;
  // Nothing is written any more.
  ~LiveText();

  // Writes what has not been written of these, which are all that the task has printed.
  // Precondition: it is done. Call once.
  void finish(const std::string& out, const std::string& err);

 private:
  struct Heard {
    std::mutex mutex;
    Write write;
    std::array<std::string, 2> texts;
    std::array<bool, 2> broken{};
    std::promise<void> over;
  };

  std::shared_ptr<Heard> heard_;
};

}  // namespace roundhouse::cli

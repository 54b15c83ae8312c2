#pragma once

// OS. Trial: something done in a forked child, whose answer comes back, and none of whose traces.
//
// An input that cannot be compiled leaves declarations behind that nobody can take back; a compiler
// that crashes, or finds no memory, takes its process with it. In a child neither matters. Of a
// process of many threads only the calling one lives on in the child: what is done there may take
// locks that this thread alone takes, allocate memory, and nothing else. The child never returns
// and flushes nothing. Thread rule: any thread.

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include <sys/types.h>

namespace roundhouse::engine::interpreter {

class Trial {
 public:
  // Answers at once, and ends the child: for work that cannot return.
  using AnswerNow = std::function<void(const std::string& answer)>;
  using Work = std::function<std::string(const AnswerNow& answer_now)>;

  // Starts the child. Throws std::bad_alloc when there is no memory for it, and std::system_error.
  explicit Trial(const Work& work);
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;
  // Waits for the child's end, which is at hand once it has answered, and else is made so.
  ~Trial();

  // What `work` returned or answered at once; nothing when the child died before or took longer
  // than `limit`.
  [[nodiscard]] std::optional<std::string> answer(std::chrono::milliseconds limit);

  enum class Silence { died, late, no_memory };

  // Why there was no answer.
  [[nodiscard]] Silence silence() const { return silence_; }

 private:
  int from_child_ = -1;
  pid_t child_ = -1;
  Silence silence_ = Silence::died;
};

}  // namespace roundhouse::engine::interpreter

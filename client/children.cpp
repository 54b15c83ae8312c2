#include "client/children.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace roundhouse::detail {
namespace {

constexpr std::size_t kSaidBytesMax = 4096;
constexpr std::size_t kLogLines = 5;

}  // namespace

const Child& Children::start(ChildKind kind, std::vector<std::string> argv, std::string log) {
  Child child;
  child.kind = kind;
  child.log = std::move(log);
  child.log_from = size_of(child.log);
  const Fd err(::open(child.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  Pipe out = make_pipe();
  ::fcntl(out.read.get(), F_SETFL, O_NONBLOCK);
  SpawnOptions options;
  options.argv = std::move(argv);
  options.out = out.write.get();
  options.err = err.get();
  options.own_group = true;
  options.dies_with_parent = true;
  child.pid = spawn(options);
  child.out = std::move(out.read);
  children_.push_back(std::move(child));
  return children_.back();
}

const Child* Children::find(pid_t pid) const {
  const auto found = std::find_if(children_.begin(), children_.end(),
                                  [pid](const Child& child) { return child.pid == pid; });
  return found == children_.end() ? nullptr : &*found;
}

bool Children::any(ChildKind kind) const {
  return std::any_of(children_.begin(), children_.end(),
                     [kind](const Child& child) { return child.kind == kind; });
}

bool Children::read_output(pid_t pid) {
  for (Child& child : children_)
    if (child.pid == pid) return take_output(child);
  return false;
}

bool Children::take_output(Child& child) {
  const bool was_ready = child.ready;
  std::array<char, 1024> buffer{};
  while (child.out) {
    const ssize_t count = ::read(child.out.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count == 0) child.out.reset();
    if (count <= 0) break;
    // What it says later is read as well, so that it can go on, and forgotten.
    if (child.ready || child.said.size() > kSaidBytesMax) continue;
    child.said.append(buffer.data(), static_cast<std::size_t>(count));
    const std::size_t at = child.said.starts_with("ready") ? 0 : child.said.find("\nready");
    child.ready = at != std::string::npos && child.said.find('\n', at + 1) != std::string::npos;
  }
  return child.ready && !was_ready;
}

void Children::reap(const std::function<void(const Child&, int status)>& use) {
  int status = 0;
  for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
    const auto found = std::find_if(children_.begin(), children_.end(),
                                    [pid](const Child& child) { return child.pid == pid; });
    if (found == children_.end()) continue;
    (void)take_output(*found);
    const Child child = std::move(*found);
    children_.erase(found);
    use(child, status);
  }
}

void Children::signal(ChildKind kind, int signal) const {
  // A nanny ends its engine itself when it is asked to.
  for (const Child& child : children_)
    if (child.kind == kind) ::kill(signal == SIGKILL ? -child.pid : child.pid, signal);
}

std::string Children::describe_end(const Child& child, int status) {
  std::string text = child.kind == ChildKind::hub ? "roundhouse-hub " : "roundhouse-engine ";
  text += WIFSIGNALED(status) ? "was killed by signal " + std::to_string(WTERMSIG(status))
                              : "ended with exit code " + std::to_string(WEXITSTATUS(status));
  const std::string tail = tail_of(child.log, child.log_from, kLogLines);
  return tail.empty() ? text : text + ": " + tail;
}

}  // namespace roundhouse::detail

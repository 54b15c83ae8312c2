#include "client/shell.hpp"
#include <roundhouse/held_results.hpp>

namespace roundhouse {

MsgIds HeldResults::ids() const {
  return shell_->finished();
}

bool HeldResults::contains(std::string_view msg_id) const {
  return ids().contains(msg_id);
}

detail::ResultBytes HeldResults::find(std::string_view msg_id,
                                      const detail::ResultType& wanted) const {
  detail::ResultBytes out;
  std::exception_ptr failure;
  shell_->look([&] {
    const std::uint64_t sequence = shell_->find_task(msg_id);
    const detail::Slot& slot = shell_->slot(sequence);
    if (!slot.done || shell_->slot(sequence - slot.offset).abandoned)
      throw Exception(Errc::unknown_task, "this client has no result of task " +
                                              std::string(msg_id) +
                                              (slot.done ? " any more" : " yet"));
    shell_->require_type(shell_->slot(sequence - slot.offset), sequence, wanted);
    failure = shell_->failure_of(slot, sequence);
    if (!failure) out = detail::Shell::bytes_of(slot);
  });
  if (failure) std::rethrow_exception(failure);
  return out;
}

}  // namespace roundhouse

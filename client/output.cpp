#include <iostream>

#include "shared/printable.hpp"
#include <roundhouse/async_tasks.hpp>
#include <roundhouse/output.hpp>

namespace roundhouse {

void display_outputs(const std::vector<Metadata>& tasks, std::ostream& out, std::ostream& err) {
  for (const Metadata& task : tasks) {
    const auto title = [&](const char* what) -> std::string {
      if (tasks.size() == 1) return {};
      const std::string where = task.engine_id ? std::to_string(*task.engine_id) : "?";
      return "[" + std::string(what) + ":" + where + "]";
    };
    show_text(out, title("stdout"), task.stdout);
    show_text(err, title("stderr"), task.stderr);
  }
}

void AsyncTasks::display_outputs(std::ostream* out, std::ostream* err) const {
  roundhouse::display_outputs(all_metadata(), out == nullptr ? std::cout : *out,
                              err == nullptr ? std::cerr : *err);
}

}  // namespace roundhouse

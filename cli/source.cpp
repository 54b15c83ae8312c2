#include <array>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/commands.hpp"
#include "cli/connect.hpp"
#include "cli/live_text.hpp"
#include <roundhouse/client.hpp>

namespace roundhouse::cli {

namespace {

// Sends inputs to engines, and tells what becomes of each.
class Teller {
 public:
  Teller(const SourceOptions& options, Output& out)
      : options_(options),
        out_(out),
        client_(connect(options.ask)),
        engines_(resolve_engines(client_, options.engines)),
        view_(client_.direct_view(engines_)) {
    view_.set({.label = options.label});
    if (options.time_limit) view_.set({.time_limit = Limit(*options.time_limit)});
  }

  // Throws what the first engine that failed ended with, or all of them together.
  void input(std::string_view code, std::string_view file) {
    ++inputs_;
    const auto results = view_.execute_async(code, file);
    std::optional<LiveText> live;  // of one engine, as it comes
    if (engines_.size() == 1 && !out_.json())
      live.emplace(results, [this](OutputStream stream, std::string_view text) {
        write(stream == OutputStream::out ? std::cout : std::cerr, text);
      });
    await_results(client_, results, options_.limit);
    const std::vector<Outcome<ExecuteResult>> outcomes = results.get(return_exceptions);
    bool failed = false;
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      failed = failed || !outcomes[i];
      out_.json() ? add(results.metadata(i), outcomes[i])
                  : tell_one(engines_[i], outcomes[i], live ? &*live : nullptr);
    }
    if (!failed) return;
    finish();
    if (engines_.size() > 1) (void)results.get();
    (void)outcomes.front().value();
  }

  void finish() {
    if (out_.json()) out_.document(document_);
  }

 private:
  [[nodiscard]] std::string title(const char* what, int engine) const {
    if (engines_.size() == 1) return {};
    return "[" + std::string(what) + ":" + std::to_string(engine) + "]";
  }

  void write(std::ostream& to, std::string_view text) {
    if (text.empty()) return;
    to << printable_lines(text) << std::flush;
    ends_line_[&to == &std::cout ? 0 : 1] = text.back() == '\n';
  }

  void tell_one(int engine, const Outcome<ExecuteResult>& outcome, LiveText* live) {
    if (!outcome) return show_text(std::cerr, title("error", engine), outcome.error().traceback);
    const ExecuteResult& result = outcome.value();
    show_text(std::cerr, title("warning", engine), result.warnings);
    if (live != nullptr) {
      live->finish(result.out, result.err);
      if (!std::exchange(ends_line_[0], true)) std::cout << '\n' << std::flush;
      if (!std::exchange(ends_line_[1], true)) std::cerr << '\n' << std::flush;
    } else {
      show_text(std::cout, title("stdout", engine), result.out);
      show_text(std::cerr, title("stderr", engine), result.err);
    }
    if (result.type.empty()) return;
    const std::string out = engines_.size() == 1 ? "" : "Out[" + std::to_string(engine) + "]: ";
    out_.line(out + printable_lines(result.value));
  }

  void add(const Metadata& task, const Outcome<ExecuteResult>& outcome) {
    Json one = {{"input", inputs_}, {"msg_id", task.msg_id}, {"engine", nullptr}};
    if (task.engine_id) one["engine"] = *task.engine_id;
    if (outcome) {
      const ExecuteResult& result = outcome.value();
      one.update({{"value", result.value},
                  {"type", result.type},
                  {"out", result.out},
                  {"err", result.err},
                  {"warnings", result.warnings}});
    } else {
      const RemoteErrorInfo& error = outcome.error();
      one["error"] = {{"name", error.name}, {"value", error.value}, {"traceback", error.traceback}};
    }
    document_.push_back(std::move(one));
  }

  const SourceOptions& options_;
  Output& out_;
  Client client_;
  std::vector<int> engines_;
  DirectView view_;
  std::size_t inputs_ = 0;
  std::array<bool, 2> ends_line_{true, true};  // what was written last, of each stream
  Json document_ = Json::array();
};

}  // namespace

void exec(const SourceOptions& options, Output& out) {
  Teller engines(options, out);
  for (const std::string& code : options.words) {
    // A blank that unsplit() has put there.
    engines.input(std::string_view(code).substr(code.starts_with(" [") ? 1 : 0), {});
  }
  engines.finish();
}

void run(const SourceOptions& options, Output& out) {
  const std::string& file = options.words.front();
  const std::string code = text_of(file);
  Teller engines(options, out);
  engines.input(code, file == "-" ? "standard input" : file);
  engines.finish();
}

}  // namespace roundhouse::cli

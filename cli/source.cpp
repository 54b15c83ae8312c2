#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/commands.hpp"
#include "cli/connect.hpp"
#include "cli/input_run.hpp"
#include "cli/watch.hpp"
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
        engines_(resolve_engines(client_, options.engines)) {}

  // Throws what the one engine ended with, or the errors of all that failed.
  void input(std::string_view code, std::string_view file, bool is_program) {
    ++inputs_;
    const std::string name = file.empty() ? "input " + std::to_string(inputs_) : std::string(file);
    InputRun run(
        client_, engines_, {code, name, is_program},
        {.label = options_.label, .time_limit = options_.time_limit, .live = !out_.json()});
    Watch(client_, options_.ask)
        .await([&](Duration most) { return run.wait(most); },
               [&] { return run.ids_under_way().front(); }, options_.limit);
    if (out_.json())
      add(run);
    else
      run.show(out_, false);
    if (run.errors().empty()) return;
    finish();
    if (engines_.size() > 1) throw CompositeError(run.errors(), engines_.size());
    (void)run.results().front().get();
  }

  void finish() {
    if (out_.json()) out_.document(document_);
  }

 private:
  void add(const InputRun& run) {
    for (const InputRun::Result& result : run.results())
      add(result.metadata(), result.get(return_exceptions));
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
  std::size_t inputs_ = 0;
  Json document_ = Json::array();
};

}  // namespace

void exec(const SourceOptions& options, Output& out) {
  Teller engines(options, out);
  for (const std::string& code : options.words) {
    // A blank that unsplit() has put there.
    engines.input(std::string_view(code).substr(code.starts_with(" [") ? 1 : 0), {}, false);
  }
  engines.finish();
}

void run(const SourceOptions& options, Output& out) {
  const std::string& file = options.words.front();
  const std::string code = text_of(file);
  Teller engines(options, out);
  engines.input(code, file == "-" ? "standard input" : file, true);
  engines.finish();
}

}  // namespace roundhouse::cli

#include "shared/records.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "shared/pack.hpp"
#include "tests/shared/samples.hpp"

using namespace roundhouse;
using namespace roundhouse::wire;

namespace {

// The records of a batch, or none and why.
template <class Record>
Batch<Record> read(const Message& message) {
  Batch<Record> batch;
  const auto decoded = decode_batch(message, batch);
  if (!decoded) FAIL(decoded.error().text);
  return batch;
}

template <class Record>
std::string refusal(const Message& message) {
  Batch<Record> batch;
  batch.records.resize(3);
  const auto decoded = decode_batch(message, batch);
  CHECK_FALSE(decoded.ok());
  CHECK(batch.records.empty());
  return decoded.ok() ? "" : decoded.error().text;
}

std::string refusal_of(const SubmitRecord& record) {
  return refusal<SubmitRecord>(samples::batch(std::vector{record}, 0));
}

// The prefix of a batch of `kind` and whatever follows.
template <class Write>
Message batch_of(Kind kind, std::uint64_t count, Write write, Frames frames = {}) {
  std::string bytes{'R', 'H', '\x01', static_cast<char>(kind)};
  Packer packer{bytes};
  packer.u64(0), packer.u64(count);
  write(packer);
  return {Buffer::take(std::move(bytes)), std::move(frames)};
}

void holding_elements(Packer& p) {
  p.u64(1), p.u64(2), p.u64(3), p.u64(4), p.u64(5), p.boolean(true);
}

}  // namespace

TEST_CASE("submissions come back, with what their tasks share and what they do not") {
  const auto sent = samples::submits();
  const auto batch = read<SubmitRecord>(samples::batch(sent, 0));
  REQUIRE(batch.records.size() == sent.size());
  for (std::size_t i = 0; i < sent.size(); ++i) {
    const SubmitRecord& got = batch.records[i];
    CHECK(got.sequence == sent[i].sequence);
    CHECK(got.count == sent[i].count);
    CHECK(got.template_number == sent[i].template_number);
    CHECK(got.engines == sent[i].engines);
    CHECK(got.ends == sent[i].ends);
    CHECK(got.payload == sent[i].payload);
    CHECK(got.payload.spill == sent[i].payload.spill);
    CHECK(got.payload.head() == sent[i].payload.head());
  }
  const SubmitRecord& run = batch.records[1];
  CHECK_FALSE(run.direct());
  CHECK(run.payload_of(0).body() == "heada");
  CHECK(run.payload_of(1).body() == "head");
  CHECK(run.payload_of(2).body() == "headbcd");
  const SubmitRecord& fan_out = batch.records[2];
  CHECK(fan_out.direct());
  CHECK(fan_out.engine_of(0) == EngineId{7});
  CHECK(fan_out.engine_of(1) == EngineId{8});
  CHECK(fan_out.payload_of(1) == fan_out.payload);
  CHECK(batch.records[3].payload.body() == "spilled");
}

TEST_CASE("a submission without its bytes says so, and costs others nothing") {
  SubmitRecord blank{7, 3, 1, samples::slice({9}), {}, {}, true};
  SubmitRecord plain = blank;
  plain.blank = false;
  CHECK(samples::batch(std::vector{blank}, 0).header.size() ==
        samples::batch(std::vector{plain}, 0).header.size() + 1);
  const auto batch = read<SubmitRecord>(samples::batch(std::vector{blank, plain}, 0));
  REQUIRE(batch.records.size() == 2);
  CHECK(batch.records[0].blank);
  CHECK_FALSE(batch.records[1].blank);
}

TEST_CASE("dependencies come back, and cost a submission without any nothing") {
  const auto batch = read<SubmitRecord>(samples::batch(samples::submits(), 0));
  CHECK(batch.records[0].after().empty());
  CHECK(batch.records[0].follow().empty());
  const SubmitRecord& got = batch.records[4];
  const auto after = got.after();
  const auto follow = got.follow();
  CHECK(std::vector(after.begin(), after.end()) == std::vector<TaskRange>{{SessionId{9}, 1, 7}});
  CHECK(std::vector(follow.begin(), follow.end()) ==
        std::vector<TaskRange>{{SessionId{~0ULL}, 5, 5}});
  CHECK(got.after_mode == DependencyMode{true, false, true});
  CHECK(got.follow_mode == DependencyMode{false, true, false});
}

TEST_CASE("dependencies that mean nothing, or too many tasks, are refused") {
  const auto depends_on = [](const std::vector<TaskRange>& ranges) {
    SubmitRecord out{1, 1, 1, {}, {}, Payload::of("x")};
    out.depends = Slice{Buffer::take(encode_ranges(ranges))};
    out.after_ranges = static_cast<std::uint32_t>(ranges.size());
    return out;
  };
  const SessionId session{3};
  Batch<SubmitRecord> decoded;
  SubmitRecord most = depends_on({{session, 1, kDependenciesMax}});
  CHECK(decode_batch(samples::batch(std::vector{most}, 0), decoded).ok());
  (void)refusal_of(depends_on({{session, 1, kDependenciesMax + 1}}));
  (void)refusal_of(depends_on({{session, 1, kDependenciesMax}, {session, 7, 7}}));
  (void)refusal_of(depends_on({{session, 0, 4}}));
  (void)refusal_of(depends_on({{session, 4, 3}}));
  (void)refusal_of(depends_on({{session, 1, 1ULL << 40U}}));
  (void)refusal_of(depends_on({{session, ~0ULL, 0}}));
  (void)refusal_of(
      depends_on(std::vector<TaskRange>(kDependencyRangesMax + 1, TaskRange{session, 1, 1})));
  SubmitRecord odd = most;
  odd.after_ranges = 2;
  (void)refusal_of(odd);
  odd = most;
  odd.depends = Slice{Buffer::take(std::string(25, '\1'))};
  (void)refusal_of(odd);
  odd = most;
  odd.follow_mode = {false, false, false};
  (void)refusal_of(odd);
}

TEST_CASE("a body that is in its record and in frames, too, is refused") {
  SubmitRecord submit{1, 1, 1, {}, {}, samples::framed("", {"spilled", "array"}, 1)};
  AssignRecord assign{1, 10, {3, 1}, 1, false, submit.payload};
  Batch<SubmitRecord> submits;
  Batch<AssignRecord> assigns;
  CHECK(decode_batch(samples::batch(std::vector{submit}, 0), submits).ok());
  CHECK(decode_batch(samples::batch(std::vector{assign}, 0), assigns).ok());
  submit.payload = samples::framed("inline", {"spilled", "array"}, 1);
  assign.payload = submit.payload;
  CHECK_FALSE(decode_batch(samples::batch(std::vector{submit}, 0), submits).ok());
  CHECK_FALSE(decode_batch(samples::batch(std::vector{assign}, 0), assigns).ok());
}

TEST_CASE("one engine may take all tasks of a run") {
  SubmitRecord run{1, 3, 1, samples::slice({9}), {}, Payload::of("x")};
  const auto batch = read<SubmitRecord>(samples::batch(std::vector{run}, 0));
  for (std::uint32_t i = 0; i < 3; ++i) CHECK(batch.records[0].engine_of(i) == EngineId{9});
}

TEST_CASE("assignments come back") {
  const auto sent = samples::assigns();
  const auto batch = read<AssignRecord>(samples::batch(sent, 0));
  REQUIRE(batch.records.size() == sent.size());
  for (std::size_t i = 0; i < sent.size(); ++i) {
    CHECK(batch.records[i].number == sent[i].number);
    CHECK(batch.records[i].sequence == sent[i].sequence);
    CHECK(batch.records[i].fence == sent[i].fence);
    CHECK(batch.records[i].template_number == sent[i].template_number);
    CHECK(batch.records[i].direct == sent[i].direct);
    CHECK(batch.records[i].payload == sent[i].payload);
  }
}

TEST_CASE("outcomes come back, from engines and to clients") {
  const auto sent = samples::finished();
  const auto batch = read<FinishedRecord>(samples::batch(sent, 41));
  CHECK(batch.first == 41);
  REQUIRE(batch.records.size() == sent.size());
  for (std::size_t i = 0; i < sent.size(); ++i) {
    CHECK(batch.records[i].task == sent[i].task);
    CHECK(batch.records[i].fence == sent[i].fence);
    CHECK(batch.records[i].ending == sent[i].ending);
    CHECK(batch.records[i].started_us == sent[i].started_us);
    CHECK(batch.records[i].duration_ns == sent[i].duration_ns);
    CHECK(batch.records[i].payload == sent[i].payload);
  }
  const auto told = samples::outcomes();
  const auto delivered = read<OutcomeRecord>(samples::batch(told, 1ULL << 50U));
  CHECK(delivered.first == 1ULL << 50U);
  REQUIRE(delivered.records.size() == told.size());
  for (std::size_t i = 0; i < told.size(); ++i) {
    CHECK(delivered.records[i].sequence == told[i].sequence);
    CHECK(delivered.records[i].ending == told[i].ending);
    CHECK(delivered.records[i].attempt == told[i].attempt);
    CHECK(delivered.records[i].engine == told[i].engine);
    CHECK(delivered.records[i].started_us == told[i].started_us);
    CHECK(delivered.records[i].duration_ns == told[i].duration_ns);
    CHECK(delivered.records[i].payload == told[i].payload);
  }
}

TEST_CASE("what an engine holds comes back, also when it is nothing") {
  const auto sent = samples::holdings();
  const auto batch = read<HoldingRecord>(samples::batch(sent, 1));
  CHECK(batch.first == 1);
  REQUIRE(batch.records.size() == 2);
  CHECK(batch.records[0].number == 5);
  CHECK(batch.records[0].task == sent[0].task);
  CHECK(batch.records[0].fence == sent[0].fence);
  CHECK(batch.records[0].running);
  CHECK_FALSE(batch.records[1].running);
  const auto nothing = read<HoldingRecord>(samples::batch(std::vector<HoldingRecord>{}, 1));
  CHECK(nothing.records.empty());
  CHECK(nothing.first == 1);
}

TEST_CASE("decoded payloads keep their bytes when the message is gone") {
  Payload kept;
  {
    const auto batch = read<AssignRecord>(samples::batch(samples::assigns(), 0));
    kept = batch.records[0].payload;
  }
  CHECK(kept.body() == "body");
}

TEST_CASE("a writer says when a batch is full, and begins again after it was taken") {
  BatchWriter<HoldingRecord> writer;
  CHECK(writer.empty());
  while (!writer.full()) writer.add({1, {SessionId{1}, 1}, {1, 1}, false});
  CHECK(writer.count() == kBatchRecordsMax);
  CHECK(read<HoldingRecord>(writer.take(0)).records.size() == kBatchRecordsMax);
  CHECK(writer.empty());
  CHECK_FALSE(writer.full());
  CHECK(read<HoldingRecord>(writer.take(1)).records.empty());

  BatchWriter<AssignRecord> large;
  while (!large.full()) large.add({1, 1, {1, 1}, 1, false, Payload::of(std::string(16000, 'x'))});
  CHECK(large.count() == 9);
  CHECK(large.bytes() >= kBatchBytesMax);
  CHECK(read<AssignRecord>(large.take(0)).records.size() == 9);

  BatchWriter<AssignRecord> frames;
  const Payload many = samples::framed("", std::vector<std::string>(kFramesMax, "f"));
  CHECK(frames.fits(many));
  frames.add({1, 1, {1, 1}, 1, false, Payload::of("")});
  CHECK(frames.fits(samples::framed("", std::vector<std::string>(kFramesMax, "f"))));
  frames.add({2, 2, {1, 1}, 1, false, samples::framed("", {"f"})});
  CHECK_FALSE(frames.fits(many));
}

TEST_CASE("a run that contradicts itself is refused") {
  const Payload tails = samples::head_and_tails("head", "abcd");
  const std::uint64_t last = (1ULL << 40U) - 1;
  CHECK_FALSE(refusal_of({1, 0, 1, {}, {}, tails}).empty());
  CHECK_FALSE(refusal_of({0, 1, 1, {}, {}, tails}).empty());
  CHECK_FALSE(refusal_of({1, kRunTasksMax + 1, 1, {}, {}, tails}).empty());
  CHECK_FALSE(refusal_of({last + 1, 1, 1, {}, {}, tails}).empty());
  CHECK_FALSE(refusal_of({last, 2, 1, {}, {}, tails}).empty());
  CHECK_FALSE(refusal_of({~0ULL, 2, 1, {}, {}, tails}).empty());
  CHECK_FALSE(refusal_of({1, 3, 1, samples::slice({1, 2}), {}, tails}).empty());
  CHECK_FALSE(refusal_of({1, 2, 1, Slice{Buffer::copy("123")}, {}, tails}).empty());
  CHECK_FALSE(refusal_of({1, 2, 1, {}, samples::slice({4}), tails}).empty());
  CHECK_FALSE(refusal_of({1, 2, 1, {}, samples::slice({3, 2}), tails}).empty());
  CHECK_FALSE(refusal_of({1, 2, 1, {}, samples::slice({3, 5}), tails}).empty());
  CHECK_FALSE(refusal_of({1, 1, 1, {}, {}, samples::framed("", {"f"}, 2)}).empty());
  CHECK(
      read<SubmitRecord>(samples::batch(std::vector<SubmitRecord>{{last, 1, 1, {}, {}, tails}}, 0))
          .records.size() == 1);
}

TEST_CASE("the error says which record of which batch was wrong") {
  auto records = samples::submits();
  records[2].count = 0;
  const std::string text = refusal<SubmitRecord>(samples::batch(records, 0));
  CHECK(text.find("record 2") != std::string::npos);
  CHECK(text.find("submit") != std::string::npos);
  CHECK(refusal<AssignRecord>(samples::batch(samples::submits(), 0)) ==
        "expected assign, got submit");
}

TEST_CASE("counts are bounded before records are read") {
  const auto nothing = [](Packer&) {};
  CHECK_FALSE(refusal<HoldingRecord>(batch_of(Kind::holding, 1, nothing)).empty());
  CHECK_FALSE(refusal<HoldingRecord>(batch_of(Kind::holding, ~0ULL, nothing)).empty());
  const auto many = [](Packer& p) {
    for (std::size_t i = 0; i <= kBatchRecordsMax; ++i) p.array(6), holding_elements(p);
  };
  CHECK_FALSE(refusal<HoldingRecord>(batch_of(Kind::holding, kBatchRecordsMax + 1, many)).empty());
  CHECK_FALSE(refusal<HoldingRecord>(batch_of(Kind::holding, kBatchRecordsMax, many)).empty());
}

TEST_CASE("elements that a later version appends are skipped, missing ones are not invented") {
  const auto longer = read<HoldingRecord>(batch_of(Kind::holding, 2, [](Packer& p) {
    p.array(8), holding_elements(p), p.map(1), p.str("x"), p.nil(), p.u64(9);
    p.array(6), holding_elements(p);
  }));
  REQUIRE(longer.records.size() == 2);
  CHECK(longer.records[1].number == 1);
  const auto shorter = batch_of(Kind::holding, 2, [](Packer& p) {
    p.array(5), p.u64(1), p.u64(2), p.u64(3), p.u64(4), p.u64(5);
    p.array(6), holding_elements(p);
  });
  CHECK_FALSE(refusal<HoldingRecord>(shorter).empty());
}

TEST_CASE("frames and records must agree") {
  Message message = samples::batch(samples::assigns(), 0);
  message.frames.push_back(Buffer::copy("one too many"));
  CHECK_FALSE(refusal<AssignRecord>(message).empty());
  message.frames.clear();
  CHECK_FALSE(refusal<AssignRecord>(message).empty());
  message.frames.assign(kFramesMax + 1, Buffer::copy("f"));
  Batch<AssignRecord> batch;
  CHECK(decode_batch(message, batch).error().code == Errc::too_large);
  const auto hostile = batch_of(Kind::assign, 1,
                                [](Packer& p) {
                                  p.array(9), p.u64(1), p.u64(1), p.u64(1), p.u64(1), p.u64(1),
                                      p.boolean(false);
                                  p.bin("body"), p.u64(0), p.u64(0xffffffff);
                                },
                                {Buffer::copy("f")});
  CHECK_FALSE(refusal<AssignRecord>(hostile).empty());
}

TEST_CASE("an ending that does not exist is refused") {
  auto records = samples::finished();
  std::string bytes(samples::batch(records, 1).header.view());
  records[0].ending = Ending{9};
  CHECK_FALSE(refusal<FinishedRecord>(samples::batch(records, 1)).empty());
  CHECK(to_string(Ending::engine_lost) == "engine_lost");
  CHECK(to_string(Ending::ok) == "ok");
}

TEST_CASE("an error travels as a value, and anything else reads as an error") {
  const ErrorValue error{"std::runtime_error", "it broke", "at line 3"};
  CHECK(decode_error(encode_error(error)) == error);
  const std::string bytes = encode_error(error);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    CHECK(decode_error(bytes.substr(0, size)).name == "ProtocolError");
  CHECK(decode_error(bytes + "x").name == "ProtocolError");
  CHECK(decode_error("\x80") == ErrorValue{});
  CHECK(decode_error(std::string("\x81\xa1k\x93\x01\x02\x03", 7)) == ErrorValue{});
}

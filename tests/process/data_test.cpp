#include <cstddef>
#include <numeric>
#include <random>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include <sys/mman.h>

#include <doctest/doctest.h>

#include "tests/modules/data_tasks.hpp"
#include "tests/support/failure.hpp"
#include "tests/support/real_cluster.hpp"
#include <roundhouse/roundhouse.hpp>

namespace rh = roundhouse;
using namespace data_tasks;
using rh::test::failure_of;
using rh::test::RealCluster;

namespace {

rh::ClusterOptions with_data_tasks() {
  return {.modules = {RealCluster::module_path("data_tasks")}};
}

// Zeros that take no memory until somebody writes to them.
class Zeros {
 public:
  explicit Zeros(std::size_t size) : size_(size) {
    memory_ = ::mmap(nullptr, size, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    REQUIRE(memory_ != MAP_FAILED);
  }

  Zeros(const Zeros&) = delete;
  Zeros& operator=(const Zeros&) = delete;

  ~Zeros() { ::munmap(memory_, size_); }

  [[nodiscard]] std::span<std::byte> bytes() const {
    return {static_cast<std::byte*>(memory_), size_};
  }

 private:
  void* memory_;
  std::size_t size_;
};

}  // namespace

TEST_CASE("the non-copying receive of an array is read-only") {
  RealCluster cluster(1, with_data_tasks());
  rh::Client client = cluster.connect();
  rh::Array<double> a(2);
  static_assert(!std::is_assignable_v<decltype(a[0]), double>, "a[0] = 1 does not compile");

  SUBCASE("to work on it in place fails") {
    const rh::RemoteErrorInfo error = failure_of([&] { (void)client[0].apply_sync(setter, a); });
    CHECK(error.name == "ReadOnlyError");
    CHECK(error.value.find("read-only") != std::string::npos);
    CHECK(error.traceback.find("in data_tasks::setter takes") != std::string::npos);
  }

  SUBCASE("if you need to edit the array in place, remember to copy it if it's read-only") {
    const rh::Array<double> result = client[0].apply_sync(careful_setter, a);
    CHECK(result == rh::Array<double>{1, 0});
    CHECK_FALSE(result.writeable());  // results are also read-only
    rh::Array<double> own = result.copy();
    own.edit()[1] = 2;
    CHECK(own == rh::Array<double>{1, 2});
  }
}

TEST_CASE("to edit an array safely in place after sending it, use the track flag") {
  RealCluster cluster(2, with_data_tasks());
  rh::Client client = cluster.connect();
  rh::Array<double> a(1024 * 1024);
  std::mt19937 random(1);
  for (double& value : a.edit()) value = static_cast<double>(random()) / 1000.0;
  const double first = a[0];
  const rh::DirectView view = client[rh::all].with({.track = true});
  const auto ar = view.apply_async(doubled_array, a);
  CHECK(ar.wait_on_send(rh::test::kPatience));  // blocks until sent is true
  CHECK(ar.sent());
  a.edit()[0] = -1;
  for (const rh::Array<double>& result : ar.get(rh::test::kPatience)) {
    CHECK(result.size() == a.size());
    CHECK(result[0] == 2 * first);
  }
}

TEST_CASE("arguments may be names, which stand for what the engines have") {
  RealCluster cluster(2, with_data_tasks());
  rh::Client client = cluster.connect();
  const rh::DirectView all = client[rh::all];
  std::vector<double> samples(10'000);
  std::iota(samples.begin(), samples.end(), 0.0);
  all.scatter("samples", samples).get();
  all.apply_sync(scale, rh::ref<std::vector<double>>("samples"), 2.0);
  for (double& sample : samples) sample *= 2;
  CHECK(all.gather<double>("samples").get() == samples);
  const std::vector<double> totals = all.apply_sync(total, rh::ref<std::vector<double>>("samples"));
  CHECK(totals.at(0) + totals.at(1) == std::accumulate(samples.begin(), samples.end(), 0.0));

  SUBCASE("a function sees the names of the engine that runs it, and says which one is missing") {
    const rh::EngineView one = client[0];
    CHECK(failure_of([&] { (void)one.apply_sync(global_a); }).name == "NameError");
    one["a"] = 5;
    CHECK(one.apply_sync(global_a) == 5);
  }

  SUBCASE("to return objects out of the global namespace is equivalent to pull") {
    all["a"] = 5;
    CHECK(all.apply_sync(global_a) == all.pull<int>("a").get());
  }

  SUBCASE("several names of different types arrive as they were, and large ones, too") {
    const std::string text(100'000, 'x');
    all.push({{"a", 1}, {"text", text}, {"samples", rh::borrow(samples)}}).get();
    const auto [a, back, values] =
        client[1].get<int, std::string, std::vector<double>>("a", "text", "samples");
    CHECK(a == 1);
    CHECK(back == text);
    CHECK(values == samples);
  }

  SUBCASE("round-robin, flattened and of one element") {
    all.scatter("few", std::vector<int>{7, 8, 9}, rh::flatten, rh::round_robin).get();
    CHECK(client[0].get<std::vector<int>>("few") == std::vector<int>{7, 9});
    CHECK(client[1].get<int>("few") == 8);
    CHECK(all.gather<int>("few", rh::flatten, rh::round_robin).get() == std::vector<int>{7, 8, 9});
  }
}

TEST_CASE("names and types that are wrong are told as what they are") {
  RealCluster cluster(1, with_data_tasks());
  rh::Client client = cluster.connect();
  const rh::EngineView one = client[0];
  one["a"] = std::string("text");

  SUBCASE("pulling a name that is not there is a NameError, which says what is there") {
    const auto error = failure_of([&] { (void)one.get<int>("b"); });
    CHECK(error.name == "NameError");
    CHECK(error.value == "nothing is named 'b' on this engine; it has a");
  }

  SUBCASE("so is passing it as an argument, or asking for it in a task") {
    using Values = std::vector<double>;
    CHECK(failure_of([&] { one.apply_sync(scale, rh::ref<Values>("b"), 1.0); }).name ==
          "NameError");
    const auto error = failure_of([&] { one.apply_sync(scale, rh::ref<Values>("a"), 1.0); });
    CHECK(error.name == "TypeError");
    CHECK(error.value ==
          "'a' is a std::string on this engine, and was asked for as a std::vector<double>");
    CHECK(failure_of([&] { (void)one.apply_sync(global_a); }).name == "TypeError");
  }

  SUBCASE("pulling as another type names both types") {
    CHECK_THROWS_WITH_AS((void)one.get<int>("a"),
                         "'a' is a std::string, and was asked for as a int",
                         rh::SerializationError);
  }

  SUBCASE("calling by name with other types names both signatures") {
    const auto error =
        failure_of([&] { one.apply_sync("data_tasks::scale", std::vector<int>{1}, 2.0); });
    CHECK(error.name == "WrongSignature");
    CHECK(error.value.find("(std::vector<double>, double)") != std::string::npos);
    CHECK(error.value.find("(std::vector<int>, double)") != std::string::npos);
  }
}

#if RH_TEST_SLOWDOWN == 1  // it takes gigabytes, and a sanitizer needs a multiple of them
TEST_CASE("an argument of 1 GB arrives; a larger one is refused before anything is sent") {
  RealCluster cluster(1, with_data_tasks());
  rh::Client client = cluster.connect();
  const Zeros zeros((std::size_t{1} << 30U) + 1);
  const std::span<std::byte> gigabyte = zeros.bytes().first(1'000'000'000);
  gigabyte.front() = std::byte{3};
  gigabyte.back() = std::byte{4};
  CHECK(client[0].apply_sync(look_at, rh::borrow(gigabyte)) == 1'000'000'007);
  const std::span<std::byte> larger = zeros.bytes();
  CHECK_THROWS_WITH_AS((void)client[0].apply_async(look_at, rh::borrow(larger)),
                       doctest::Contains("at most 1073741824"), rh::Exception);
  CHECK(client.outstanding().empty());
}
#endif

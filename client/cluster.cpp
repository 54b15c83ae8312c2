#include <filesystem>
#include <utility>

#include <unistd.h>

#include "client/cluster_control.hpp"
#include "shared/random.hpp"
#include <roundhouse/cluster.hpp>

namespace roundhouse {
namespace {

constexpr std::size_t kRandomBytes = 4;

std::string name_of_its_own() {
  return "program-" + std::to_string(::getpid()) + "-" + random_hex(kRandomBytes);
}

// A cluster with a name that nobody will give again leaves no database.
void remove_database(const std::string& name) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(state_dir(), ignored))
    if (entry.path().filename().string().starts_with(name + "."))
      std::filesystem::remove_all(entry.path(), ignored);
}

}  // namespace

Cluster::Cluster(const ClusterOptions& options)
    : name_(options.name), timeout_(options.timeout), owner_(::getpid()) {
  ClusterOptions named = options;
  temporary_ = name_.empty();
  if (temporary_) named.name = name_ = name_of_its_own();
  lifeline_ = start_cluster(named, true).release();
  running_ = true;
}

Cluster::Cluster(Cluster&& other) noexcept
    : name_(std::move(other.name_)),
      timeout_(other.timeout_),
      owner_(other.owner_),
      lifeline_(std::exchange(other.lifeline_, -1)),
      temporary_(other.temporary_),
      running_(std::exchange(other.running_, false)) {}

Cluster& Cluster::operator=(Cluster&& other) noexcept {
  std::swap(name_, other.name_);
  std::swap(timeout_, other.timeout_);
  std::swap(owner_, other.owner_);
  std::swap(lifeline_, other.lifeline_);
  std::swap(temporary_, other.temporary_);
  std::swap(running_, other.running_);
  return *this;
}

Cluster::~Cluster() {
  try {
    stop();
  } catch (const Exception&) {
    // The supervisor hears of our end by its lifeline, and goes on trying.
  }
  detail::Fd(std::exchange(lifeline_, -1)).reset();
}

Client Cluster::connect(ClientOptions options) const {
  options.cluster = name_;
  return Client(options);
}

void Cluster::add_engines(std::size_t count) {
  roundhouse::add_engines(name_, count, timeout_);
}

void Cluster::stop() {
  // In the child of a fork it is the parent's.
  if (!running_ || owner_ != ::getpid()) return;
  running_ = false;
  try {
    stop_cluster(name_, timeout_);
  } catch (const Exception& error) {
    if (error.code() != Errc::not_connected) throw;  // it has stopped already
  }
  detail::Fd(std::exchange(lifeline_, -1)).reset();
  if (temporary_) remove_database(name_);
}

void Cluster::detach() {
  running_ = false;
  if (lifeline_ < 0) return;
  [[maybe_unused]] const auto told = ::write(lifeline_, "d", 1);
  detail::Fd(std::exchange(lifeline_, -1)).reset();
}

}  // namespace roundhouse

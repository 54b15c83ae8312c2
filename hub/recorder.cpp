#include "hub/recorder.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "shared/log.hpp"

namespace roundhouse::hub {
namespace {

wire::Reply too_many(const Query& query) {
  wire::Reply out;
  out.id = query.request;
  out.code = to_string(Errc::over_quota);
  out.text = "too many questions wait for the database: ask again later";
  return out;
}

}  // namespace

Recorder::Recorder(std::unique_ptr<Store> store, Durability durability,
                   std::chrono::milliseconds retry)
    : durability_(durability),
      retry_(retry),
      store_(std::move(store)),
      search_(store_->open_search()),
      search_thread_([this](const std::stop_token& token) {
        if (search_) search(token);
      }),
      thread_([this](const std::stop_token& token) { run(token); }) {}

Recorder::~Recorder() {
  stop();
}

void Recorder::push(std::vector<Fact>& facts, std::vector<Query>& queries) {
  if (kept_.facts.empty()) {
    kept_.facts.swap(facts);
    const std::lock_guard lock(spare_mutex_);
    if (facts.capacity() == 0 && !spare_.empty()) {
      facts.swap(spare_.back());
      spare_.pop_back();
    }
  } else {
    std::move(facts.begin(), facts.end(), std::back_inserter(kept_.facts));
    facts.clear();
  }
  std::move(queries.begin(), queries.end(), std::back_inserter(kept_.queries));
  queries.clear();
  flush();
}

void Recorder::fetch(const std::vector<ContentHash>& builds) {
  kept_.fetches.insert(kept_.fetches.end(), builds.begin(), builds.end());
  flush();
}

void Recorder::ask(std::vector<PlaceQuestion>& questions) {
  std::ranges::move(questions, std::back_inserter(kept_.places));
  questions.clear();
  flush();
}

bool Recorder::flush() {
  if (kept_.facts.empty() && kept_.queries.empty() && kept_.fetches.empty() && kept_.places.empty())
    return true;
  if (!inbox_.try_push(std::move(kept_))) return false;
  kept_ = Chunk{};
  return true;
}

bool Recorder::stop() {
  if (std::exchange(stopped_, true)) return complete_;
  // The thread still takes: the box empties soon.
  while (!flush()) std::this_thread::sleep_for(kBeat);
  thread_.request_stop();
  Chunk nothing;  // wakes it
  while (!inbox_.try_push(std::move(nothing))) std::this_thread::sleep_for(kBeat);
  thread_.join();
  search_thread_.request_stop();
  (void)searches_.try_push({});  // wakes it; full, it is awake
  search_thread_.join();
  return complete_ = facts_.empty();
}

void Recorder::run(const std::stop_token& stop) {
  while (true) {
    const bool stopping = stop.stop_requested();
    const bool busy = take();
    if (stopping) since_try_ = retry_;
    commit();
    answer();
    send_mail();
    if (stopping) break;
    store_->maintain(false);
    rest(busy || failing_ || !outgoing_.empty());
  }
  if (!facts_.empty())
    log::error("facts_lost", {{"batches", facts_.size()}, {"reason", "the store still fails"}});
  store_->maintain(true);
}

void Recorder::rest(bool busy) {
  const bool polls = durability_ != Durability::commit || failing_ || !outgoing_.empty();
  quiet_beats_ = busy ? 0 : quiet_beats_ + 1;
  if (polls && quiet_beats_ < kIdleBeats) {
    // Not on the box's descriptor: then each push would pay for waking this thread.
    std::this_thread::sleep_for(kBeat);
    since_try_ += kBeat;
    return;
  }
  if (!polls && !inbox_.wait(kBeat * kIdleBeats)) store_->maintain(true);
  if (polls) store_->maintain(true);
  {
    const std::lock_guard lock(spare_mutex_);
    spare_.clear();
  }
  (void)inbox_.wait(store_->upkeep_within());
  quiet_beats_ = 0;
}

bool Recorder::take() {
  inbox_.take_all(chunks_);
  for (Chunk& chunk : chunks_) {
    if (!chunk.facts.empty()) facts_.push_back(std::move(chunk.facts));
    std::move(chunk.queries.begin(), chunk.queries.end(), std::back_inserter(queries_));
    fetches_.insert(fetches_.end(), chunk.fetches.begin(), chunk.fetches.end());
    std::ranges::move(chunk.places, std::back_inserter(places_));
  }
  return !chunks_.empty();
}

void Recorder::commit() {
  if (facts_.empty() || (failing_ && since_try_ < retry_)) return;
  const auto committed = store_->commit(facts_);
  since_try_ = std::chrono::milliseconds{0};
  if (!committed) {
    if (std::exchange(failing_, true)) return;
    log::error("store_failed", {{"reason", committed.error().text}});
    tell(StoreFailed{committed.error().text});
    return;
  }
  for (const std::vector<Fact>& batch : facts_) stored_ += batch.size();
  recycle();
  if (std::exchange(failing_, false)) {
    log::info("store_recovered");
    tell(StoreRecovered{});
  }
  tell(StoredThrough{stored_});
}

// What the facts held is freed here, not by the loop.
void Recorder::recycle() {
  for (std::vector<Fact>& batch : facts_) {
    batch.clear();
    if (batch.capacity() > kSpareFacts) continue;
    const std::lock_guard lock(spare_mutex_);
    if (spare_.size() < kSpareMax) spare_.push_back(std::move(batch));
  }
  facts_.clear();
}

void Recorder::answer() {
  for (Query& query : queries_) {
    const LinkId link = query.link;
    if (search_ == nullptr || query.verb != "db_query")
      tell(Answer{link, store_->answer(query)});
    else if (wire::Reply busy = too_many(query); !searches_.try_push(std::move(query)))
      tell(Answer{link, std::move(busy)});
  }
  queries_.clear();
  for (const ContentHash& build : fetches_) tell(ModuleRead{build, store_->read_module(build)});
  fetches_.clear();
  if (!facts_.empty()) return;  // they could not be committed, and may be what is asked about
  for (const PlaceQuestion& question : places_) tell(find_places(question));
  places_.clear();
}

// What cannot be read is as if it was purged: it is said so to whom it matters.
PlacesFound Recorder::find_places(const PlaceQuestion& question) {
  try {
    return {question.number, store_->places(question)};
  } catch (const Exception& failure) {
    log::error("places_unread", {{"reason", failure.what()}});
    return {question.number, {}};
  }
}

// What it reads has committed: the facts before a question had when it was handed over.
void Recorder::search(const std::stop_token& stop) {
  std::vector<Query> questions;
  while (!stop.stop_requested()) {
    (void)searches_.wait(std::chrono::milliseconds{-1});
    searches_.take_all(questions);
    for (const Query& query : questions) {
      if (stop.stop_requested()) return;
      const wire::Reply reply = search_->answer(query);
      while (!mail_.try_push(Answer{query.link, reply}) && !stop.stop_requested())
        std::this_thread::sleep_for(kBeat);
    }
  }
}

void Recorder::tell(RecorderMail mail) {
  // Cumulative: the last one says it all.
  if (!outgoing_.empty() && std::holds_alternative<StoredThrough>(mail) &&
      std::holds_alternative<StoredThrough>(outgoing_.back()))
    outgoing_.pop_back();
  outgoing_.push_back(std::move(mail));
}

void Recorder::send_mail() {
  while (!outgoing_.empty() && mail_.try_push(std::move(outgoing_.front()))) outgoing_.pop_front();
}

}  // namespace roundhouse::hub

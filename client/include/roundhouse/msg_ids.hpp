// MsgIds: ids of tasks of one client, in the order of submission.
//
//   for (const std::string& id : client.outstanding()) std::cout << id << '\n';
//   if (client.outstanding().contains(ar.msg_ids().front())) ...
//
// A set that is kept as ranges of numbers, so that millions of ids cost nothing until somebody
// looks at them. Thread rule: plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <roundhouse/ids.hpp>

namespace roundhouse {

class MsgIds {
 public:
  // Tasks first..last.
  struct Range {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    friend bool operator==(const Range&, const Range&) = default;
  };

  // Consecutive tasks of a session.
  struct Ids {
    SessionId session;
    Range range;
    friend bool operator==(const Ids&, const Ids&) = default;
  };

  // Makes the text of an id when it is looked at.
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = std::string;
    using difference_type = std::ptrdiff_t;
    using pointer = void;
    using reference = std::string;

    Iterator() = default;

    Iterator(const MsgIds& ids, std::size_t range)
        : ids_(&ids),
          range_(range),
          at_(range < ids.ranges_.size() ? ids.ranges_[range].first : 0) {}

    std::string operator*() const { return to_string(TaskId{ids_->session_, at_}); }

    Iterator& operator++() {
      if (at_++ == ids_->ranges_[range_].last) *this = Iterator(*ids_, range_ + 1);
      return *this;
    }

    Iterator operator++(int) {
      Iterator before = *this;
      ++*this;
      return before;
    }

    friend bool operator==(const Iterator& a, const Iterator& b) {
      return a.range_ == b.range_ && a.at_ == b.at_;
    }

   private:
    const MsgIds* ids_ = nullptr;
    std::size_t range_ = 0;
    std::uint64_t at_ = 0;
  };

  MsgIds() = default;

  // Precondition: `ranges` ascend and do not touch.
  MsgIds(SessionId session, std::vector<Range> ranges)
      : session_(session), ranges_(std::move(ranges)) {}

  [[nodiscard]] std::size_t size() const;

  [[nodiscard]] bool empty() const { return ranges_.empty(); }

  [[nodiscard]] bool contains(std::string_view id) const;

  // The id at `index`; negative: counted from the end. Throws std::out_of_range.
  [[nodiscard]] std::string at(std::ptrdiff_t index) const;

  [[nodiscard]] std::string operator[](std::ptrdiff_t index) const { return at(index); }

  // All of them as text.
  [[nodiscard]] std::vector<std::string> list() const { return {begin(), end()}; }

  [[nodiscard]] Iterator begin() const { return {*this, 0}; }

  [[nodiscard]] Iterator end() const { return {*this, ranges_.size()}; }

  [[nodiscard]] SessionId session() const { return session_; }

  [[nodiscard]] const std::vector<Range>& ranges() const { return ranges_; }

  friend bool operator==(const MsgIds&, const MsgIds&) = default;

 private:
  SessionId session_;
  std::vector<Range> ranges_;
};

}  // namespace roundhouse

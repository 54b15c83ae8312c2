#pragma once

// CORE. OrderedSet: values in order, of which some come and go for every task. Nodes that are taken
// out are kept, so that a value that moves costs no allocation; from the front and to the back,
// where most of them move, it costs no search either. Thread rule: the router's thread.

#include <cstddef>
#include <set>
#include <utility>
#include <vector>

namespace roundhouse::hub {

template <class T>
class OrderedSet {
 public:
  void insert(const T& value) {
    if (spare_.empty()) {
      set_.insert(set_.end(), value);
      return;
    }
    Node node = std::move(spare_.back());
    spare_.pop_back();
    node.value() = value;
    set_.insert(set_.end(), std::move(node));
  }

  void erase(const T& value) {
    if (set_.empty()) return;
    const bool is_first = *set_.begin() == value;
    Node node = is_first ? set_.extract(set_.begin()) : set_.extract(value);
    if (node) spare_.push_back(std::move(node));
  }

  void move(const T& from, const T& to) {
    erase(from);
    insert(to);
  }

  void clear() { set_.clear(); }

  [[nodiscard]] bool empty() const { return set_.empty(); }

  [[nodiscard]] std::size_t size() const { return set_.size(); }

  [[nodiscard]] const T& front() const { return *set_.begin(); }

  [[nodiscard]] auto begin() const { return set_.begin(); }

  [[nodiscard]] auto end() const { return set_.end(); }

  [[nodiscard]] auto lower_bound(const T& value) const { return set_.lower_bound(value); }

 private:
  using Node = typename std::set<T>::node_type;

  std::set<T> set_;
  std::vector<Node> spare_;
};

}  // namespace roundhouse::hub

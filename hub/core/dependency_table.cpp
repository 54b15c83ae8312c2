#include "hub/core/dependency_table.hpp"

#include <algorithm>
#include <bit>

#include "shared/check.hpp"

namespace roundhouse::hub {

DependenceIndex DependencyTable::create() {
  ++dependences_used_;
  if (!free_dependences_.empty()) {
    const DependenceIndex index = free_dependences_.back();
    free_dependences_.pop_back();
    return index;
  }
  dependences_.emplace_back();
  return static_cast<DependenceIndex>(dependences_.size() - 1);
}

Dependence& DependencyTable::get(DependenceIndex index) {
  RH_CHECK(index != kNoDependence && index < dependences_.size());
  return dependences_[index];
}

bool DependencyTable::release(DependenceIndex index) {
  Dependence& dependence = get(index);
  if (dependence.users > 0 || dependence.pins > 0) return false;
  RH_CHECK(dependence.edges == 0 && dependence.tasks.empty());
  dependence = Dependence{};
  free_dependences_.push_back(index);
  --dependences_used_;
  return true;
}

DependencyTable::Block DependencyTable::block_at(std::uint64_t first, std::uint64_t last) {
  const auto fits = static_cast<unsigned>(std::bit_width(last - first + 1)) - 1;
  const auto aligned = static_cast<unsigned>(std::countr_zero(first));
  return {first, std::min({fits, aligned, kLevels - 1})};
}

std::optional<DependencyTable::Census> DependencyTable::census_of(SessionNumber session,
                                                                  const Block& block) const {
  const auto levels = sessions_.find(session);
  if (levels == sessions_.end()) return std::nullopt;
  const auto& nodes = levels->second.by_number[block.level];
  const auto node = nodes.find(block.first >> block.level);
  if (node == nodes.end()) return std::nullopt;
  return nodes_[node->second].census;
}

DependencyTable::EdgeIndex DependencyTable::link(DependenceIndex dependence, bool of_follow,
                                                 std::uint32_t source, bool of_node,
                                                 EdgeIndex& head) {
  EdgeIndex index = free_edges_;
  if (index == 0) {
    edges_.emplace_back();
    index = static_cast<EdgeIndex>(edges_.size() - 1);
  } else {
    free_edges_ = edges_[index].next;
  }
  ++edges_used_;
  Edge& edge = edges_[index];
  edge = Edge{dependence, source, head, 0, get(dependence).edges, 0, of_node, of_follow};
  if (edge.next != 0) edges_[edge.next].previous = index;
  if (edge.next_of_dependence != 0) edges_[edge.next_of_dependence].previous_of_dependence = index;
  head = index;
  get(dependence).edges = index;
  return index;
}

void DependencyTable::watch(DependenceIndex dependence, bool of_follow, TaskIndex task,
                            std::uint32_t& dependents) {
  link(dependence, of_follow, task, false, dependents);
}

void DependencyTable::watch(DependenceIndex dependence, bool of_follow, SessionNumber session,
                            const Block& block, const Census& census) {
  RH_CHECK(census.unfinished > 0 && block.level > 0);
  Levels& levels = sessions_[session];
  const auto [place, fresh] = levels.by_number[block.level].try_emplace(block.first >> block.level);
  if (fresh) {
    if (free_nodes_.empty()) {
      nodes_.emplace_back();
      place->second = static_cast<NodeIndex>(nodes_.size() - 1);
    } else {
      place->second = free_nodes_.back();
      free_nodes_.pop_back();
    }
    nodes_[place->second] = {place->first, session, 0, census, block.level};
    ++levels.nodes, ++nodes_used_;
  }
  link(dependence, of_follow, place->second, true, nodes_[place->second].edges);
}

// Out of the list of its dependence.
void DependencyTable::leave_dependence(EdgeIndex index) {
  const Edge& edge = edges_[index];
  EdgeIndex& before = edge.previous_of_dependence == 0
                          ? get(edge.dependence).edges
                          : edges_[edge.previous_of_dependence].next_of_dependence;
  before = edge.next_of_dependence;
  if (edge.next_of_dependence != 0)
    edges_[edge.next_of_dependence].previous_of_dependence = edge.previous_of_dependence;
}

void DependencyTable::free_edge(EdgeIndex index) {
  edges_[index] = Edge{};
  edges_[index].next = free_edges_;
  free_edges_ = index;
  --edges_used_;
}

void DependencyTable::free_node(NodeIndex index) {
  const Node& node = nodes_[index];
  const auto levels = sessions_.find(node.session);
  levels->second.by_number[node.level].erase(node.key);
  if (--levels->second.nodes == 0) sessions_.erase(levels);
  nodes_[index] = Node{};
  free_nodes_.push_back(index);
  --nodes_used_;
}

void DependencyTable::unwatch(DependenceIndex dependence, TaskTable& tasks) {
  for (EdgeIndex index = get(dependence).edges; index != 0;) {
    const Edge edge = edges_[index];
    EdgeIndex& head = edge.of_node ? nodes_[edge.source].edges : tasks.get(edge.source).dependents;
    (edge.previous == 0 ? head : edges_[edge.previous].next) = edge.next;
    if (edge.next != 0) edges_[edge.next].previous = edge.previous;
    free_edge(index);
    if (edge.of_node && nodes_[edge.source].edges == 0) free_node(edge.source);
    index = edge.next_of_dependence;
  }
  get(dependence).edges = 0;
}

void DependencyTable::on_ended(const Task& task, bool ok, std::vector<Heard>& heard) {
  for (EdgeIndex index = task.dependents; index != 0;) {
    const Edge edge = edges_[index];
    heard.push_back({edge.dependence, edge.of_follow, ok, !ok, true});
    leave_dependence(index);
    free_edge(index);
    index = edge.next;
  }
  if (sessions_.empty()) return;
  for (unsigned level = 1; level < kLevels; ++level) {
    const auto levels = sessions_.find(task.session);  // a node that was the last goes with it
    if (levels == sessions_.end()) return;
    const auto& nodes = levels->second.by_number[level];
    if (nodes.empty()) continue;
    const auto node = nodes.find(task.sequence >> level);
    if (node != nodes.end()) hear_node(node->second, ok, heard);
  }
}

void DependencyTable::hear_node(NodeIndex index, bool ok, std::vector<Heard>& heard) {
  Census& census = nodes_[index].census;
  RH_CHECK(census.unfinished > 0);
  const bool first = ok ? !census.ok : !census.failed;
  (ok ? census.ok : census.failed) = true;
  const bool complete = --census.unfinished == 0;
  if (!first && !complete) return;
  for (EdgeIndex at = nodes_[index].edges; at != 0;) {
    const Edge edge = edges_[at];
    heard.push_back({edge.dependence, edge.of_follow, first && ok, first && !ok, complete});
    if (complete) {
      leave_dependence(at);
      free_edge(at);
    }
    at = edge.next;
  }
  if (complete) free_node(index);
}

void DependencyTable::check_invariants(TaskTable& tasks) {
  std::size_t edges = 0;
  std::size_t waiting = 0;
  for (DependenceIndex index = 1; index < dependences_.size(); ++index) {
    const Dependence& dependence = dependences_[index];
    RH_CHECK(dependence.edges == 0 || dependence.stage == Dependence::Stage::waiting);
    RH_CHECK(dependence.tasks.size <= dependence.users);
    waiting += dependence.tasks.size;
    std::size_t left = 0;
    for (EdgeIndex at = dependence.edges; at != 0; at = edges_[at].next_of_dependence) {
      const Edge& edge = edges_[at];
      const EdgeIndex head =
          edge.of_node ? nodes_[edge.source].edges : tasks.get(edge.source).dependents;
      RH_CHECK(edge.dependence == index && (edge.previous != 0 || head == at));
      ++left;
    }
    if (dependence.stage == Dependence::Stage::waiting)
      RH_CHECK(left == dependence.after.left + dependence.follow.left);
    edges += left;
  }
  RH_CHECK(edges == edges_used_ && waiting == waiting_);
}

}  // namespace roundhouse::hub

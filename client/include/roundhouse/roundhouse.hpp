// Everything: what a program that uses Roundhouse includes.
//
//   #include <roundhouse/roundhouse.hpp>
//   namespace rh = roundhouse;
//
//   int twice(int x);                                 // in a module, with RH_TASK(twice)
//
//   int main() {
//     rh::Client client;
//     std::vector<int> in{1, 2, 3};
//     for (int y : client.load_balanced_view().map_async(twice, in)) std::cout << y << '\n';
//   }
#pragma once

#include <roundhouse/abort.hpp>
#include <roundhouse/apply_message.hpp>
#include <roundhouse/array.hpp>
#include <roundhouse/async_map_result.hpp>
#include <roundhouse/async_result.hpp>
#include <roundhouse/borrow.hpp>
#include <roundhouse/bound_function.hpp>
#include <roundhouse/client.hpp>
#include <roundhouse/cluster.hpp>
#include <roundhouse/command.hpp>
#include <roundhouse/command_result.hpp>
#include <roundhouse/control.hpp>
#include <roundhouse/depend.hpp>
#include <roundhouse/dependency.hpp>
#include <roundhouse/engine_event.hpp>
#include <roundhouse/error.hpp>
#include <roundhouse/executor.hpp>
#include <roundhouse/held_results.hpp>
#include <roundhouse/hub_info.hpp>
#include <roundhouse/ids.hpp>
#include <roundhouse/jobs.hpp>
#include <roundhouse/lambda.hpp>
#include <roundhouse/lazy_map.hpp>
#include <roundhouse/metadata.hpp>
#include <roundhouse/modules.hpp>
#include <roundhouse/msg_ids.hpp>
#include <roundhouse/namespace.hpp>
#include <roundhouse/options.hpp>
#include <roundhouse/outcome.hpp>
#include <roundhouse/output.hpp>
#include <roundhouse/reference.hpp>
#include <roundhouse/requirement.hpp>
#include <roundhouse/serialize.hpp>
#include <roundhouse/targets.hpp>
#include <roundhouse/task.hpp>
#include <roundhouse/timeout.hpp>
#include <roundhouse/version.hpp>
#include <roundhouse/view.hpp>

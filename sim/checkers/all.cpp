// all.cpp: the checkers of a run.                                        Spec: checker.hpp.
#include "sim/checkers/checker.hpp"

namespace pb::sim {
Checkers make_checkers() {
  Checkers all;
  all.push_back(make_kept());
  all.push_back(make_durable_first());
  all.push_back(make_one_outcome());
  all.push_back(make_duplicates());
  all.push_back(make_null_path());
  all.push_back(make_limits());
  all.push_back(make_ladder());
  all.push_back(make_drains());
  all.push_back(make_security());
  all.push_back(make_strangers());
  all.push_back(make_unchanged());
  all.push_back(make_just_bounces());
  all.push_back(make_welcome());
  return all;
}
}  // namespace pb::sim

// xprobe.cpp: the XPROBE command: an account asks what a mail port looks like from here.
// Spec: docs/reference/xprobe.md.       Tests: dialogues/xprobe_*.smtp.
// Not here: measuring, rates, which addresses (runtime/remote_prober).
#include <algorithm>

#include "base/check.hpp"
#include "smtp/server/session_impl.hpp"

namespace pb::smtp::server {
void Session::Impl::handle_xprobe(std::string_view arguments) {
  bool const offered = !settings_->probe_ports.empty() && settings_->role != Role::relay;
  if (!offered) return protocol_error(reply::not_implemented);
  if (!facts_.tls.active) return answer(reply::need_tls);
  if (facts_.account.empty()) return answer(reply::need_auth);
  auto command = parse_probe(arguments);
  if (!command) return protocol_error(reply::bad_probe);
  auto const& ports = settings_->probe_ports;
  if (std::ranges::find(ports, command->port) == ports.end()) {
    return answer(reply::probe_port_denied);
  }
  plan(AskProbe{std::move(*command)});
}

void Session::Impl::on_probe_answer(ProbeAnswer const& given) {
  PB_CHECK(waiting_ == Waiting::probe);
  waiting_ = Waiting::none;
  switch (given.result) {
    case ProbeResult::measured:
      return answer(reply::probed.with(given.facts));
    case ProbeResult::not_public:
      return answer(reply::probe_target_denied);
    case ProbeResult::too_many:
      return answer(reply::too_many_probes);
    case ProbeResult::busy:
      return answer(reply::probing_now);
  }
}
}  // namespace pb::smtp::server

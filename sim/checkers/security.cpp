// security.cpp: no message is delivered below its required security, no password said in the open.
// Spec: delivery/route.hpp (Hop::tls); RFC 8314 §3.3.       Not here: certificates.
#include "sim/checkers/checker.hpp"

namespace pb::sim {
namespace {
class Security final : public Checker {
 public:
  std::string_view name() const override { return "security"; }
  void on_delivery(Delivery const& delivery, Instant) override {
    switch (delivery.host.needs) {
      case Needs::nothing:
        return;
      case Needs::encryption:
        if (!delivery.encrypted) fail("in the clear to " + delivery.host.name);
        return;
      case Needs::trust:
        if (!delivery.trusted) fail("to somebody who is not proven " + delivery.host.name);
        return;
    }
  }
  void on_secret(Host const& host, bool encrypted, bool trusted) override {
    if (!encrypted || !trusted) fail("a password was said to somebody who may be " + host.name);
  }
};
}  // namespace
std::unique_ptr<Checker> make_security() { return std::make_unique<Security>(); }
}  // namespace pb::sim

// scram_client.hpp: the client machine of SCRAM-SHA-256 and -PLUS; client.hpp makes it.
// Spec: RFC 5802, RFC 7677.                                      Not here: anything for callers.
#pragma once

#include <memory>

#include "sasl/client.hpp"

namespace pb::sasl {
std::unique_ptr<ClientMechanism> make_scram_client(ClientMechanismName name, ClientInputs inputs);
}  // namespace pb::sasl

// sasl_plain_fuzz.cpp: PLAIN, LOGIN and EXTERNAL, fed with any responses.
// Spec: RFC 4616, RFC 4422 Appendix A.                    Not here: SCRAM (sasl_scram_fuzz.cpp).
// Covers: src/sasl/plain.cpp
//
// Input: one octet that chooses the mechanism and the answer, then responses parted by line ends.
#include <cstddef>
#include <cstdint>

#include "base/ascii.hpp"
#include "base/check.hpp"
#include "sasl/server.hpp"

namespace {
using namespace pb;
using namespace pb::sasl;

void check_question(Question const& question) {
  if (auto const* const check = std::get_if<PasswordCheck>(&question)) {
    PB_CHECK(!check->user.empty() && !check->password.empty());
    PB_CHECK(check->user.find('\0') == std::string::npos);
    PB_CHECK(check->password.find('\0') == std::string::npos);
    return;
  }
  PB_CHECK(!std::get<ExternalCheck>(question).certificate_identity.empty());
}

Answer answer_of(unsigned char choice) {
  switch (choice & 3) {
    case 0:
      return Granted{"user"};
    case 1:
      return Denied{};
    default:
      return Unavailable{};
  }
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  if (size == 0) return 0;
  constexpr MechanismName names[]{MechanismName::plain, MechanismName::login,
                                  MechanismName::external, MechanismName::external};
  std::size_t const which = (data[0] >> 2) & 3;
  MechanismInputs inputs;
  if (which == 2) inputs.certificate_identity = "user";
  auto const machine = make_mechanism(names[which], std::move(inputs));
  std::string_view const text{reinterpret_cast<char const*>(data) + 1, size - 1};
  for (std::string_view const response : ascii::split(text, '\n')) {
    Outcome outcome = response == "-" ? machine->respond(std::nullopt) : machine->respond(response);
    if (auto const* const question = std::get_if<Question>(&outcome)) {
      check_question(*question);
      outcome = machine->answer(answer_of(data[0]));
      PB_CHECK(!std::holds_alternative<Success>(outcome) || (data[0] & 3) == 0);
    }
    if (!std::holds_alternative<Challenge>(outcome)) return 0;
  }
  return 0;
}

// bdat.cpp: the BDAT command: so many octets follow, whether we want them or not.
// Spec: RFC 3030 §2, §3 (order and failure).             Tests: dialogues/bdat_*.smtp.
// Not here: the octets themselves (smtp/bdat.cpp, receive.cpp).
#include "smtp/server/commands.hpp"
#include "smtp/server/session_impl.hpp"

namespace pb::smtp::server {
namespace {
/// A refused chunk is read and thrown away (RFC 3030 §2), but not without end.
constexpr std::uint64_t discarded_chunk_octets_max = 1ULL << 32;
}  // namespace

void Session::Impl::handle_bdat(std::string_view arguments) {
  auto const command = parse_bdat(arguments);
  if (!command) {
    // How much follows is unknown, and to read it as commands would be smuggling.
    answer(reply::syntax);
    return hang_up(HangupReason::not_smtp);
  }
  bool const in_order = order_ == Order::has_recipients || order_ == Order::in_chunks;
  bool const first = order_ == Order::has_recipients;
  if (!in_order) {
    chunk_refusal_ = wrong_order(*find_command("BDAT"), order_);
  } else if (first) {
    begin_message();
  }
  if (command->octets > discarded_chunk_octets_max &&
      command->octets > settings_->message_octets_max) {
    answer(reply::too_big);
    return hang_up(HangupReason::refused);
  }
  bool const too_big =
      in_order && command->octets > settings_->message_octets_max - facts_.message.octets;
  if (too_big) refuse(reply::too_big);
  chunk_last_ = command->last;
  chunk_left_ = command->octets;
  if (in_order) receiving_->chunks.begin(command->octets, command->last);
  mode_ = Mode::chunk;
}
}  // namespace pb::smtp::server

// receive.cpp: a message's octets on their way: header section gathered, body handed on, end asked.
// Spec: RFC 5321 §3.3, §4.1.1.4, §6.1, §6.3 (loops); RFC 3030 §2 (chunks).
// Tests: session_test.cpp, dialogues.   Not here: framing (data_reader, bdat), edits (edit.cpp).
#include "smtp/server/receive.hpp"

#include <cstring>
#include <utility>

#include "base/check.hpp"
#include "base/limits.hpp"
#include "base/mark.hpp"
#include "smtp/server/edit.hpp"
#include "smtp/server/session_impl.hpp"

namespace pb::smtp::server {
bool has_eight_bit(std::string_view bytes) {
  std::size_t i = 0;
  std::uint64_t word = 0;
  for (; i + sizeof word <= bytes.size(); i += sizeof word) {
    std::memcpy(&word, bytes.data() + i, sizeof word);
    if ((word & 0x8080808080808080ULL) != 0) return true;
  }
  for (; i < bytes.size(); ++i) {
    if (static_cast<unsigned char>(bytes[i]) >= 0x80) return true;
  }
  return false;
}

void Session::Impl::begin_message() {
  receiving_ = std::make_unique<Receiving>(facts_.peer.normalise_lines ? LineRule::normalise
                                                                       : LineRule::strict);
  facts_.message = {};
}

void Session::Impl::refuse(Reply const& reply, bool disconnect) {
  if (receiving_->refusal) return;
  receiving_->refusal = Refusal{reply, disconnect};
  receiving_->sink_open = false;
  receiving_->header_text = {};
}

void Session::Impl::read_data(std::string_view& input) {
  Receiving& message = *receiving_;
  bool const gathering = !message.header_done && !message.refusal;
  std::size_t const before = input.size();
  TextEvent const event = message.data.next(input, gathering ? Extent::line : Extent::longest);
  if (message.refusal || message.data.fault() != TextFault::none) {
    // Read to the end and answered there; but nobody is listened to without end.
    message.discarded_octets += before - input.size();
    if (message.discarded_octets > limits::discarded_octets_max) {
      answer(message.refusal ? message.refusal->reply
                             : reply::bare_line_end.with(reply::bare_line_end.text));
      return hang_up(HangupReason::refused);
    }
  }
  switch (event.kind) {
    case TextEvent::Kind::need_more:
      return plan(ReadMore{limits::data_block_wait});
    case TextEvent::Kind::run:
      return take_text(event.bytes);
    case TextEvent::Kind::end:
      break;
  }
  mode_ = Mode::command;
  switch (message.data.fault()) {
    case TextFault::bare_lf:
    case TextFault::bare_cr:
      PB_MARK(bare_line_end_in_data);
      answer(reply::bare_line_end);
      reset_transaction();
      return hang_up(HangupReason::bare_line_end);
    case TextFault::line_too_long:
      refuse(reply::text_line_too_long);
      break;
    case TextFault::none:
      break;
  }
  message_ended();
}

void Session::Impl::read_chunk(std::string_view& input) {
  if (chunk_refusal_) {
    auto const octets =
        static_cast<std::size_t>(std::min<std::uint64_t>(chunk_left_, input.size()));
    input.remove_prefix(octets);
    chunk_left_ -= octets;
    if (chunk_left_ != 0) return plan(ReadMore{limits::data_block_wait});
    answer(*std::exchange(chunk_refusal_, std::nullopt));
    mode_ = Mode::command;
    if (order_ == Order::chunks_failed && chunk_last_) reset_transaction();
    return;
  }
  Receiving& message = *receiving_;
  bool const gathering = !message.header_done;
  TextEvent const event =
      message.refusal ? message.chunks.discard(input)
                      : message.chunks.next(input, gathering ? Extent::line : Extent::longest);
  switch (event.kind) {
    case TextEvent::Kind::need_more:
      return plan(ReadMore{limits::data_block_wait});
    case TextEvent::Kind::run:
      return take_text(event.bytes);
    case TextEvent::Kind::end:
      return chunk_ended();
  }
}

void Session::Impl::chunk_ended() {
  Receiving& message = *receiving_;
  mode_ = Mode::command;
  switch (message.chunks.fault()) {
    case TextFault::bare_cr:
    case TextFault::bare_lf:
      PB_MARK(bare_line_end_in_chunk);
      refuse(reply::bare_cr_in_chunk);
      break;
    case TextFault::line_too_long:
      refuse(reply::text_line_too_long);
      break;
    case TextFault::none:
      break;
  }
  if (chunk_last_) return message_ended();
  if (!message.refusal) {
    order_ = Order::in_chunks;
    return answer(reply::chunk_ok);
  }
  finish_refused();
  if (mode_ != Mode::closed) order_ = Order::chunks_failed;
}

/// `bytes`: a run of message text, CRLF line ends, while gathering at most one line.
void Session::Impl::take_text(std::string_view bytes) {
  Receiving& message = *receiving_;
  if (message.refusal) return;  // read to the end and answered there
  facts_.message.octets += bytes.size();
  if (facts_.message.octets > settings_->message_octets_max) return refuse(reply::too_big);
  if (!message.header_done) return gather_header(bytes);
  message.body_octets += bytes.size();
  facts_.message.eight_bit = facts_.message.eight_bit || has_eight_bit(bytes);
  plan(AppendBody{bytes});
}

void Session::Impl::gather_header(std::string_view line) {
  Receiving& message = *receiving_;
  bool const line_start = message.header_text.empty() || message.header_text.ends_with('\n');
  if (line_start && line == "\r\n") {
    message.empty_line = true;
    return complete_header();
  }
  if (message.header_text.size() + line.size() > limits::header_section_octets_max) {
    return refuse(reply::header_too_big);
  }
  message.header_text += line;
}

void Session::Impl::complete_header() {
  Receiving& message = *receiving_;
  message.header_done = true;
  facts_.message.eight_bit = has_eight_bit(message.header_text);
  auto parsed = mail::HeaderSection::parse(std::exchange(message.header_text, {}));
  if (!parsed) return refuse(reply::header_too_big);
  if (parsed->count("Received") > limits::received_fields_max) return refuse(reply::mail_loop);
  message.header = std::move(*parsed);
  facts_.message.header = &message.header;
  ask(Stage::header);
}

void Session::Impl::on_header_verdict(Verdict const& verdict) {
  Receiving& message = *receiving_;
  if (!is_acceptance(verdict)) {
    refuse(verdict.reply, verdict.action == Action::disconnect);
  } else {
    message.verdict = verdict;
    message.sink_open = true;
  }
  if (message.ended) message_ended();
}

/// The last octet has been read: what is still to be asked?
void Session::Impl::message_ended() {
  Receiving& message = *receiving_;
  message.ended = true;
  if (!message.header_done && !message.refusal) complete_header();
  if (message.refusal) return finish_refused();
  if (planned_) return;  // the header section was complete only now: asked first
  ask(Stage::end_of_data);
}

void Session::Impl::finish_refused() {
  Refusal const refusal = std::move(*receiving_->refusal);
  answer(refusal.reply);
  reset_transaction();
  if (refusal.disconnect) hang_up(HangupReason::refused);
}

void Session::Impl::on_end_verdict(Verdict const& verdict) {
  if (!is_acceptance(verdict)) {
    reset_transaction();
    return answer_refusal(verdict);
  }
  // A hold or discard that was decided at the header stays.
  if (verdict.action != Action::accept || receiving_->verdict.action == Action::accept) {
    receiving_->verdict = verdict;
  }
  plan(Commit{});
}

void Session::Impl::on_appended(SinkAnswer answer) {
  PB_CHECK(waiting_ == Waiting::appended);
  waiting_ = Waiting::none;
  switch (answer) {
    case SinkAnswer::ok:
      return;
    case SinkAnswer::no_space:
      PB_MARK(no_space_for_body);
      return refuse(reply::no_space);
    case SinkAnswer::failed:
      return refuse(reply::local_fault);
  }
}

void Session::Impl::on_committed(CommitAnswer const& result) {
  PB_CHECK(waiting_ == Waiting::committed);
  waiting_ = Waiting::none;
  reset_transaction();
  switch (result.result) {
    case CommitResult::durable:
      commands_ = 0;
      return answer(reply::accepted.with("Accepted as " + result.queue_id.text()));
    case CommitResult::deferred_no_space:
      PB_MARK(commit_answered_452);
      return answer(reply::no_space);
    case CommitResult::deferred_overload:
      return answer(reply::overloaded);
    case CommitResult::deferred_fault:
      PB_MARK(commit_answered_451);
      return answer(reply::local_fault);
    case CommitResult::deferred_dns:
      return answer(reply::dns_failed);
    case CommitResult::refused_dmarc:
      return answer(reply::dmarc_reject);
  }
}

ReceivedMessage Session::Impl::take_message() {
  PB_CHECK(waiting_ == Waiting::committed && receiving_);
  Receiving& message = *receiving_;
  EditContext const context{settings_->hostname, settings_->role != Role::relay, clock_.now()};
  edit_header(message.header, context, random_);
  ReceivedMessage out;
  out.trace = trace_of(facts_, settings_->hostname, queue_id_, context.now);
  out.envelope = std::move(facts_.envelope);
  out.header = std::move(message.header);
  facts_.message.header = nullptr;
  out.verdict = message.verdict;
  out.body_octets = message.body_octets;
  out.empty_line = message.empty_line;
  return out;
}
}  // namespace pb::smtp::server

// messages.hpp: the words of bounces, delay warnings and confirmations, in three languages.
// Spec: docs/terms.md (words); RFC 3461 §6.2 (a text for people).     Tests: dsn_test.cpp
// Not here: the machine's part of a report (dsn.hpp).
#pragma once

#include <span>

#include "text/message.hpp"

namespace pb::report {
/// {0} the recipient's address, {1} its domain, {2} the server that spoke, {3} a date, {4} a count.
inline constexpr text::Message catalogue[] = {
    {"subject.failed", {"Your message was not delivered", "您的郵件未能送達", "您的邮件未能送达"}},
    {"subject.delayed", {"Your message is delayed", "您的郵件延遲送達", "您的邮件延迟送达"}},
    {"subject.delivered", {"Your message was delivered", "您的郵件已送達", "您的邮件已送达"}},
    {"sender.name", {"Mail delivery", "郵件投遞", "邮件投递"}},

    {"failed.one",
     {"Your message to {0} was not delivered: ", "您寄給 {0} 的郵件未能送達：",
      "您发给 {0} 的邮件未能送达："}},
    {"failed.many",
     {"Your message was not delivered to {4} of its recipients:",
      "您的郵件未能送達其中 {4} 位收件人：", "您的邮件未能送达其中 {4} 位收件人："}},
    {"delayed.one",
     {"Your message to {0} has not been delivered yet: ", "您寄給 {0} 的郵件尚未送達：",
      "您发给 {0} 的邮件尚未送达："}},
    {"delayed.many",
     {"Your message has not been delivered yet to {4} of its recipients:",
      "您的郵件尚未送達其中 {4} 位收件人：", "您的邮件尚未送达其中 {4} 位收件人："}},
    {"delivered.one",
     {"Your message to {0} was delivered.", "您寄給 {0} 的郵件已送達。",
      "您发给 {0} 的邮件已送达。"}},
    {"relayed.one",
     {"Your message to {0} was handed to {2}, which sends no confirmations; you will hear nothing "
      "more unless it fails.",
      "您寄給 {0} 的郵件已交給 {2}；該伺服器不寄送回條，除非投遞失敗，否則不會再有通知。",
      "您发给 {0} 的邮件已交给 {2}；该服务器不发送回执，除非投递失败，否则不会再有通知。"}},

    {"why.no_mailbox", {"there is no mailbox {0}.", "沒有 {0} 這個信箱。", "没有 {0} 这个邮箱。"}},
    {"why.no_domain", {"the domain {1} does not exist.", "網域 {1} 不存在。", "域名 {1} 不存在。"}},
    {"why.null_mx",
     {"{1} says that it takes no mail.", "{1} 聲明不接收郵件。", "{1} 声明不接收邮件。"}},
    {"why.no_address",
     {"no mail server of {1} can be found.", "找不到 {1} 的郵件伺服器。",
      "找不到 {1} 的邮件服务器。"}},
    {"why.loop",
     {"mail for {1} goes round in a circle.", "寄往 {1} 的郵件不斷繞圈。",
      "发往 {1} 的邮件不断绕圈。"}},
    {"why.mailbox_full", {"the mailbox {0} is full.", "信箱 {0} 已滿。", "邮箱 {0} 已满。"}},
    {"why.too_large",
     {"it is larger than {1} takes.", "郵件大小超過 {1} 的上限。", "邮件大小超过 {1} 的上限。"}},
    {"why.utf8",
     {"the mail server of {1} does not understand addresses or headers in this script.",
      "{1} 的郵件伺服器不支援這種文字的地址或標頭。",
      "{1} 的邮件服务器不支持这种文字的地址或标头。"}},
    {"why.eight_bit",
     {"the mail server of {1} takes plain ASCII only.", "{1} 的郵件伺服器只接受純 ASCII。",
      "{1} 的邮件服务器只接受纯 ASCII。"}},
    {"why.refused",
     {"the mail server of {1} refused it.", "{1} 的郵件伺服器拒收。", "{1} 的邮件服务器拒收。"}},
    {"why.rule",
     {"mail for {1} is refused here by a rule.", "這裡的規則不收寄往 {1} 的郵件。",
      "这里的规则不收发往 {1} 的邮件。"}},
    {"why.expired",
     {"{1} could not be reached in all the time that was allowed.",
      "在容許的時間內一直無法連上 {1}。", "在允许的时间内一直无法连上 {1}。"}},
    {"why.deliver_by",
     {"the time that you set for its delivery is over.", "您要求的送達期限已過。",
      "您要求的送达期限已过。"}},
    {"why.admin",
     {"whoever runs this server sent it back.", "這部伺服器的管理員將它退回。",
      "这台服务器的管理员将它退回。"}},
    {"why.unreachable",
     {"{1} cannot be reached at the moment.", "目前無法連上 {1}。", "目前无法连上 {1}。"}},
    {"why.deferred",
     {"the mail server of {1} asked us to try again later.", "{1} 的郵件伺服器要求稍後再試。",
      "{1} 的邮件服务器要求稍后再试。"}},
    {"why.ours",
     {"something on our side has to be put right first.", "我們這一端有問題，須先排除。",
      "我们这一端有问题，须先排除。"}},

    {"do.address",
     {"Check the spelling of the address, or ask the recipient for it.",
      "請檢查地址是否拼錯，或向收件人確認。", "请检查地址是否拼错，或向收件人确认。"}},
    {"do.other_way",
     {"Ask the recipient for another address.", "請向收件人詢問其他地址。",
      "请向收件人询问其他地址。"}},
    {"do.smaller",
     {"Send it smaller: shorten it, or send a link in place of the attachment.",
      "請縮小郵件，或改用連結代替附件。", "请缩小邮件，或改用链接代替附件。"}},
    {"do.later",
     {"Send it again later, or reach the recipient in another way.",
      "請稍後再寄一次，或以其他方式聯絡收件人。", "请稍后再发一次，或以其他方式联系收件人。"}},
    {"do.ask_them",
     {"Read below what the server said; only {1} can change it.",
      "請看下方該伺服器的回覆；只有 {1} 能改變這個結果。",
      "请看下方该服务器的回复；只有 {1} 能改变这个结果。"}},
    {"do.wait",
     {"You need not do anything: we go on trying until {3}.",
      "您不必做任何事：我們會一直嘗試到 {3}。", "您不必做任何事：我们会一直尝试到 {3}。"}},
    {"said", {"{2} said:", "{2} 的回覆：", "{2} 的回复："}},
    {"below",
     {"The technical details and the beginning of your message follow.",
      "以下是技術細節與您的原始郵件開頭。", "以下是技术细节与您的原始邮件开头。"}},
};

/// The text called `id`; an unknown id does not compile.
consteval text::Text words(std::string_view id) { return text::find(catalogue, id); }
inline std::span<text::Message const> all_messages() { return catalogue; }
}  // namespace pb::report

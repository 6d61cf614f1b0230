// other_place_messages.hpp: the words of `probe --compare`, in three languages.
// Spec: docs/terms.md.                         Not here: the other screens (messages.hpp).
#pragma once

#include "text/message.hpp"

namespace pb::advisor {
inline constexpr text::Message other_place_catalogue[] = {
    {"col.here", {"from here", "從這裡", "从这里"}},
    {"col.there", {"from {0}", "從 {0}", "从 {0}"}},
    {"cell.denied", {"not for {0}", "{0} 不測", "{0} 不测"}},
    {"cell.too_many", {"asked too often", "問得太頻繁", "问得太频繁"}},
    {"cell.unread", {"no answer from {0}", "{0} 沒有回答", "{0} 没有回答"}},
    {"cell.no_name", {"name not resolved", "查不到名稱", "查不到名称"}},
    {"no_name_here",
     {"{0}: from {1} the name {2} leads to an address, from here it does not. The DNS that this "
      "computer asks is the cause.",
      "{0}：從 {1} 查得到 {2}，從這裡查不到。原因是這台電腦所用的 DNS。",
      "{0}：从 {1} 查得到 {2}，从这里查不到。原因是这台电脑所用的 DNS。"}},
    {"blocked_here",
     {"{0}: reachable from {1}, not from here. The network between, or this computer, blocks it; "
      "{2} is not the cause.",
      "{0}：從 {1} 連得到，從這裡連不到。是中間的網路或這台電腦封鎖，原因不在 {2}。",
      "{0}：从 {1} 连得到，从这里连不到。是中间的网络或这台电脑封锁，原因不在 {2}。"}},
    {"changed_here",
     {"{0}: in order from {1}, not from here. Something on the way, or this computer, changes what "
      "{2} says.",
      "{0}：從 {1} 看是正常的，從這裡卻不正常。路上有東西，或是這台電腦，改動了 {2} 的回應。",
      "{0}：从 {1} 看是正常的，从这里却不正常。路上有东西，或是这台电脑，改动了 {2} 的响应。"}},
    {"blocked_there",
     {"{0}: reachable from here, not from {1}. The network of {1} blocks it, or {2} refuses {1}.",
      "{0}：從這裡連得到，從 {1} 連不到。是 {1} 那邊的網路封鎖，或 {2} 拒絕 {1}。",
      "{0}：从这里连得到，从 {1} 连不到。是 {1} 那边的网络封锁，或 {2} 拒绝 {1}。"}},
    {"changed_there",
     {"{0}: in order from here, not from {1} ({3}). Here you need to do nothing.",
      "{0}：從這裡看是正常的，從 {1} 卻不正常（{3}）。你這邊不用處理。",
      "{0}：从这里看是正常的，从 {1} 却不正常（{3}）。你这边不用处理。"}},
    {"same_in_order",
     {"{0}: in order from here and from {1}; there is no difference.",
      "{0}：從這裡和從 {1} 看都正常，沒有差別。", "{0}：从这里和从 {1} 看都正常，没有差别。"}},
    {"both_fail",
     {"{0}: fails from here and from {1}, each in its own way; probably {2} is the cause.",
      "{0}：從這裡和從 {1} 都不行，但情形不同；原因多半在 {2}。",
      "{0}：从这里和从 {1} 都不行，但情形不同；原因多半在 {2}。"}},
    {"same_fault",
     {"{0}: fails in the same way from here and from {1}. {2} is the cause, not the network that "
      "you are in.",
      "{0}：從這裡和從 {1} 都一樣不行。原因在 {2}，不在你的網路。",
      "{0}：从这里和从 {1} 都一样不行。原因在 {2}，不在你的网络。"}},
    {"not_compared",
     {"Nothing could be compared: {1} measured nothing.", "無法比較：{1} 什麼都沒測到。",
      "无法比较：{1} 什么都没测到。"}},
    {"too_many",
     {"An account may ask {1} only a few times an hour: try again later.",
      "一個帳號每小時只能請 {1} 測幾次：請稍後再試。",
      "一个账号每小时只能请 {1} 测几次：请稍后再试。"}},
    {"no_session", {"{0} could not be asked: {1}", "無法詢問 {0}：{1}", "无法询问 {0}：{1}"}},
    {"no_xprobe",
     {"{0} does not measure for others: it is no Packetboat, or XPROBE is switched off there.",
      "{0} 不替人測量：它不是 Packetboat，或者那裡關閉了 XPROBE。",
      "{0} 不替人测量：它不是 Packetboat，或者那里关闭了 XPROBE。"}},
    {"who",
     {"--compare logs in at that server: add --login USER, or name an account of \"packetboat "
      "account\".",
      "--compare 要登入那台伺服器：請加上 --login 使用者，或用「packetboat account」建立的帳號。",
      "--compare 要登录那台服务器：请加上 --login 用户，或用“packetboat account”建立的账号。"}},
};

consteval text::Text other_place_msg(std::string_view id) {
  return text::find(other_place_catalogue, id);
}
}  // namespace pb::advisor

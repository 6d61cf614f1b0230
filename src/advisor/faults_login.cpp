// faults_login.cpp: faults of login and of sending (ladder 10 to 12), and of the program itself.
// Spec: faults.hpp; symptom rows 14, 15, 31 to 40, 46, 48 to 53; RFC 4954 §6, RFC 6409.
// Tests: faults_test.cpp
#include "advisor/fault_tables.hpp"

namespace pb::advisor::tables {
namespace {
using enum Kind;
constexpr FaultInfo rows[] = {
    {Fault::auth_not_offered,
     "auth-not-offered",
     "14",
     settings,
     {"The server offers no login here.", "伺服器在這裡沒有提供登入（AUTH）。",
      "服务器在这里没有提供登录（AUTH）。"},
     {"Before TLS that is normal: switch STARTTLS on. On port 25 it is normal too: use 587. If it "
      "is missing after TLS on 587, it is the wrong host or login is switched off there.",
      "TLS 之前看不到是正常的：請啟用 STARTTLS。連接埠 25 也是正常的：請用 587。若在 587 的 TLS "
      "之後仍沒有，就是主機填錯，或那裡停用了登入。",
      "TLS 之前看不到是正常的：请启用 STARTTLS。端口 25 也是正常的：请使用 587。若在 587 的 TLS "
      "之后仍没有，就是主机填错，或那里停用了登录。"}},
    {Fault::auth_no_password_method,
     "auth-no-password-method",
     "15",
     settings,
     {"The server offers login, but not with a plain password (only OAuth2, NTLM or GSSAPI).",
      "伺服器可以登入，但不接受一般密碼（只有 OAuth2、NTLM 或 GSSAPI）。",
      "服务器可以登录，但不接受普通密码（只有 OAuth2、NTLM 或 GSSAPI）。"},
     {"Choose a method that it offers (OAuth2), or have SMTP AUTH switched on for the mailbox.",
      "請選它提供的方法（OAuth2），或請管理者為信箱開啟 SMTP AUTH。",
      "请选它提供的方法（OAuth2），或请管理员为邮箱开启 SMTP AUTH。"}},
    {Fault::auth_offered_in_clear,
     "auth-offered-in-clear",
     "14",
     note,
     {"The server offers password login before encryption.", "伺服器在加密之前就提供密碼登入。",
      "服务器在加密之前就提供密码登录。"},
     {"Make encryption required in the program, so that the password never goes in the clear.",
      "請在程式裡把加密設為必要，密碼才不會以明文送出。",
      "请在程序里把加密设为必需，密码才不会以明文发送。"}},
    {Fault::login_refused,
     "login-refused",
     "31",
     login,
     {"The server does not accept this user name with this password.",
      "伺服器不接受這組使用者名稱和密碼。", "服务器不接受这组用户名和密码。"},
     {"The user name is mostly the whole e-mail address. Gmail, Yahoo, iCloud, Zoho and Fastmail "
      "want an app password; QQ and 163 want the authorization code, not the web password.",
      "使用者名稱多半是完整的信箱地址。Gmail、Yahoo、iCloud、Zoho、Fastmail 要用應用程式密碼；QQ、"
      "163 要用授權碼，不是網頁登入密碼。",
      "用户名多半是完整的邮箱地址。Gmail、Yahoo、iCloud、Zoho、Fastmail 要用应用专用密码；QQ、"
      "163 要用授权码，不是网页登录密码。"}},
    {Fault::app_password_required,
     "app-password-required",
     "31",
     login,
     {"The account has two-step verification: the server wants an app password.",
      "這個帳號有兩步驟驗證：伺服器要的是應用程式密碼。",
      "这个账号有两步验证：服务器要的是应用专用密码。"},
     {"Make an app password in the account's security settings and enter it without spaces.",
      "請在帳號的安全性設定裡建立應用程式密碼，輸入時不要有空白。",
      "请在账号的安全设置里创建应用专用密码，输入时不要有空格。"}},
    {Fault::smtp_auth_disabled,
     "smtp-auth-disabled",
     "32",
     login,
     {"Microsoft 365 has password login for SMTP switched off (for this mailbox or everywhere).",
      "Microsoft 365 停用了 SMTP 的密碼登入（這個信箱或整個組織）。",
      "Microsoft 365 停用了 SMTP 的密码登录（这个邮箱或整个组织）。"},
     {"The administrator can allow \"Authenticated SMTP\" for the mailbox; better is OAuth2, since "
      "Microsoft ends password login (off by default from the end of 2026).",
      "管理者可以為信箱允許「已驗證的 SMTP」；更好的是 OAuth2，因為 Microsoft 將終止密碼登入"
      "（2026 年底起預設關閉）。",
      "管理员可以为邮箱允许“经过身份验证的 SMTP”；更好的是 OAuth2，因为 Microsoft 将终止密码登录"
      "（2026 年底起默认关闭）。"}},
    {Fault::microsoft_login_refused,
     "microsoft-login-refused",
     "33",
     login,
     {"Microsoft refuses this login (535 5.7.3), or nobody logged in at all (5.7.57).",
      "Microsoft 拒絕這次登入（535 5.7.3），或根本沒有登入（5.7.57）。",
      "Microsoft 拒绝这次登录（535 5.7.3），或根本没有登录（5.7.57）。"},
     {"Check the password; then whether \"Authenticated SMTP\" is allowed for this mailbox and "
      "whether two-step verification or a policy forbids it.",
      "請先檢查密碼；再看這個信箱是否允許「已驗證的 SMTP」，以及兩步驟驗證或政策是否不允許。",
      "请先检查密码；再看这个邮箱是否允许“经过身份验证的 SMTP”，以及两步验证或策略是否不允许。"}},
    {Fault::too_many_logins,
     "too-many-logins",
     "34",
     login,
     {"Too many logins or failed attempts in a short time.", "短時間內登入或嘗試太多次。",
      "短时间内登录或尝试太多次。"},
     {"Stop for an hour. Then send several messages over one connection, and check the password "
      "(Yahoo wants an app password).",
      "請停一小時。之後用同一條連線寄多封郵件，並檢查密碼（Yahoo 要用應用程式密碼）。",
      "请停一小时。之后用同一个连接发多封邮件，并检查密码（Yahoo 要用应用专用密码）。"}},
    {Fault::closed_after_login,
     "closed-after-login",
     "35",
     login,
     {"The server closes the connection during login; QQ and 163 do so at a wrong kind of "
      "password.",
      "伺服器在登入時關閉連線；QQ、163 遇到不對的密碼種類就會這樣。",
      "服务器在登录时关闭连接；QQ、163 遇到不对的密码种类就会这样。"},
     {"Make an authorization code (授權碼 / 授权码) in the mailbox's settings and use it as the "
      "password.",
      "請在信箱設定裡產生授權碼，當作密碼使用。", "请在邮箱设置里生成授权码，当作密码使用。"}},
    {Fault::authorization_code_required,
     "authorization-code-required",
     "51",
     login,
     {"This mailbox takes only the authorization code (授權碼 / 授权码), not the account's "
      "password.",
      "這個信箱只接受授權碼，不接受帳號密碼。", "这个邮箱只接受授权码，不接受账号密码。"},
     {"Switch SMTP on in the web mail's settings, make the code there, and use it as the password.",
      "請在網頁信箱的設定裡開啟 SMTP，產生授權碼，當作密碼使用。",
      "请在网页邮箱的设置里开启 SMTP，生成授权码，当作密码使用。"}},
    {Fault::service_key_required,
     "service-key-required",
     "36",
     login,
     {"This sending service has its own user name and key for SMTP.",
      "這個寄信服務的 SMTP 有自己的使用者名稱和金鑰。",
      "这个发信服务的 SMTP 有自己的用户名和密钥。"},
     {"SendGrid: user \"apikey\". Resend: \"resend\". SparkPost: \"SMTP_Injection\". Postmark: the "
      "server token twice. Amazon SES: SMTP credentials, not AWS keys. Brevo: the SMTP key.",
      "SendGrid：使用者「apikey」。Resend：「resend」。SparkPost：「SMTP_"
      "Injection」。Postmark：兩欄都"
      "填伺服器權杖。Amazon SES：SMTP 憑據，不是 AWS 金鑰。Brevo：SMTP 金鑰。",
      "SendGrid：用户“apikey”。Resend：“resend”。SparkPost：“SMTP_Injection”。Postmark：两栏都"
      "填服务器令牌。Amazon SES：SMTP 凭据，不是 AWS 密钥。Brevo：SMTP 密钥。"}},
    {Fault::smtp_service_off,
     "smtp-service-off",
     "50",
     login,
     {"SMTP is not switched on in this mailbox's settings.", "這個信箱的設定裡沒有開啟 SMTP。",
      "这个邮箱的设置里没有开启 SMTP。"},
     {"Open the web mail, switch \"SMTP service\" on, and make an authorization code.",
      "請到網頁信箱開啟「SMTP 服務」，並產生授權碼。",
      "请到网页邮箱开启“SMTP 服务”，并生成授权码。"}},
    {Fault::ehlo_name_refused,
     "ehlo-name-refused",
     "37",
     settings,
     {"The server does not like the name with which your program introduces itself (EHLO).",
      "伺服器不接受你的程式自報的名稱（EHLO）。", "服务器不接受你的程序自报的名称（EHLO）。"},
     {"Set a full host name instead of \"localhost\" or a container's id: nodemailer name, Symfony "
      "local_domain, PHPMailer Helo, Laravel MAIL_EHLO_DOMAIN.",
      "請把「localhost」或容器代號改成完整的主機名稱：nodemailer name、Symfony local_domain、"
      "PHPMailer Helo、Laravel MAIL_EHLO_DOMAIN。",
      "请把“localhost”或容器代号改成完整的主机名：nodemailer name、Symfony local_domain、"
      "PHPMailer Helo、Laravel MAIL_EHLO_DOMAIN。"}},
    {Fault::address_blocklisted,
     "address-blocklisted",
     "38",
     server,
     {"The sending address stands on a block list (Spamhaus or another).",
      "寄信的 IP 位址在封鎖名單上（例如 Spamhaus）。",
      "发信的 IP 地址在封锁名单上（例如 Spamhaus）。"},
     {"Home and cloud addresses always are: submit on 587 or 465 with login instead of sending "
      "directly on 25. A server of your own: ask the list to remove it.",
      "家用和雲端位址本來就在名單上：請用 587 或 465 登入後提交，不要從 25 "
      "直接寄。自己的郵件伺服器："
      "請向該名單申請移除。",
      "家用和云主机地址本来就在名单上：请使用 587 或 465 登录后提交，不要从 25 "
      "直接发。自己的邮件服务器："
      "请向该名单申请移除。"}},
    {Fault::relay_denied,
     "relay-denied",
     "39",
     settings,
     {"The server does not relay for strangers: nobody logged in, or it is the wrong host (MX).",
      "伺服器不替陌生人中繼（轉送）：沒有登入，或填成了收信的主機（MX）。",
      "服务器不替陌生人中继：没有登录，或填成了收信的主机（MX）。"},
     {"Use the provider's SMTP host with login on 587 (or 465); the MX host only takes mail in.",
      "請用業者的 SMTP 主機，在 587（或 465）登入；MX 主機只收信。",
      "请使用服务商的 SMTP 主机，在 587（或 465）登录；MX 主机只收信。"}},
    {Fault::sender_not_owned,
     "sender-not-owned",
     "40",
     settings,
     {"You may not send from this address with this login.", "這個登入不能用這個寄件地址寄信。",
      "这个登录不能用这个发件地址发信。"},
     {"Set From to the address of the login, or have the address added to the account.",
      "請把寄件人（From）改成登入的地址，或把該地址加到帳號裡。",
      "请把发件人（From）改成登录的地址，或把该地址加到账号里。"}},
    {Fault::sender_must_be_login,
     "sender-must-be-login",
     "49",
     settings,
     {"163, 126 and QQ want the sender to be exactly the login.",
      "163、126、QQ 要求寄件人和登入的帳號完全相同。",
      "163、126、QQ 要求发件人和登录的账号完全相同。"},
     {"Set From and the return path to the login's address.",
      "請把寄件人和退信地址都設為登入的地址。", "请把发件人和退信地址都设为登录的地址。"}},
    {Fault::content_refused,
     "content-refused",
     "52",
     server,
     {"The server takes the content for spam (554 DT:SPM).",
      "伺服器把內容當成垃圾郵件（554 DT:SPM）。", "服务器把内容当成垃圾邮件（554 DT:SPM）。"},
     {"Change subject, text and links, set a real From, and send more slowly.",
      "請調整主旨、內文和連結，填真實的寄件人，並放慢寄送速度。",
      "请调整主题、正文和链接，填真实的发件人，并放慢发送速度。"}},
    {Fault::accepted_not_arrived,
     "accepted-not-arrived",
     "48",
     server,
     {"The message was accepted and did not arrive.", "郵件已被接受，但沒有送達。",
      "邮件已被接受，但没有送达。"},
     {"Follow the id of the 250 reply at the service; look into spam; check a sandbox mode (Amazon "
      "SES, Mailtrap), and SPF, DKIM and DMARC of the From domain.",
      "請用 250 回覆裡的編號向服務商查詢；看垃圾郵件匣；檢查是否為沙箱模式（Amazon "
      "SES、Mailtrap），"
      "以及寄件網域的 SPF、DKIM、DMARC。",
      "请用 250 回复里的编号向服务商查询；看垃圾邮件箱；检查是否为沙箱模式（Amazon "
      "SES、Mailtrap），"
      "以及发件域名的 SPF、DKIM、DMARC。"}},
    {Fault::php_mail_off,
     "php-mail-off",
     "53",
     settings,
     {"PHP's mail() function is off or has no program to hand the message to; no network was used.",
      "PHP 的 mail() 函式被停用，或沒有可以交付郵件的程式；根本沒有用到網路。",
      "PHP 的 mail() 函数被停用，或没有可以交付邮件的程序；根本没有用到网络。"},
     {"Send by SMTP: 587 with STARTTLS and a login (in WordPress with an SMTP plugin), or let "
      "the host's administrator install a sendmail program.",
      "請改用 SMTP：587 配 STARTTLS 並登入（WordPress 用 SMTP 外掛），或請主機管理員安裝 sendmail "
      "程式。",
      "请改用 SMTP：587 配 STARTTLS 并登录（WordPress 用 SMTP 插件），或请主机管理员"
      "安装 sendmail 程序。"}},
    {Fault::outlook_code,
     "outlook-code",
     "46",
     network,
     {"Outlook could not hold a connection to the server; the code alone does not say why.",
      "Outlook 無法和伺服器維持連線；只看代碼無法知道原因。",
      "Outlook 无法和服务器保持连接；只看代码无法知道原因。"},
     {"0x800CCC0E and 0x80042109: port blocked or wrong host. 0x800CCC0F: cut off on the way. "
      "0x800CCC7D: choose another encryption. probe tells them apart.",
      "0x800CCC0E、0x80042109：連接埠被封鎖或主機填錯。0x800CCC0F：途中被切斷。0x800CCC7D：換一種"
      "加密。probe 可以分辨。",
      "0x800CCC0E、0x80042109：端口被封锁或主机填错。0x800CCC0F：途中被切断。0x800CCC7D：换一种"
      "加密。probe 可以分辨。"}},
};
}  // namespace
std::span<FaultInfo const> login() { return rows; }
}  // namespace pb::advisor::tables

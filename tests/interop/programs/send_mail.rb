# send_mail.rb: one letter by Ruby's mail, which is what Rails' Action Mailer sends with: production.rb of the current folder
# sets config.action_mailer, and smtp_settings go where Action Mailer would put them.
require "mail"
require "ostruct"

config = OpenStruct.new(action_mailer: OpenStruct.new)
eval(File.read("production.rb"))
abort "not by smtp" unless config.action_mailer.delivery_method == :smtp
letter = Mail.new do
  from ENV.fetch("SENDER")
  to ENV.fetch("RECIPIENT")
  subject ENV.fetch("SUBJECT")
  body "Sent by Ruby's mail."
end
letter["X-Packetboat-Program"] = ENV.fetch("PROGRAM")
letter.delivery_method :smtp, config.action_mailer.smtp_settings
begin
  letter.deliver!
rescue StandardError => error
  abort error.message
end

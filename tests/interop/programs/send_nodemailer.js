// send_nodemailer.js: one letter through the `transport` that stands in front of this text.
transport
  .sendMail({
    from: process.env.SENDER,
    to: process.env.RECIPIENT,
    subject: process.env.SUBJECT,
    headers: { 'X-Packetboat-Program': process.env.PROGRAM },
    text: 'Sent by nodemailer.',
  })
  .then((info) => console.log(info.response))
  .catch((error) => {
    console.error(error.message);
    process.exit(1);
  });

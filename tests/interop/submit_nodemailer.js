// submit_nodemailer.js: one message by nodemailer. Arguments: a JSON object (host, port, secure,
// requireTLS, ca, user, password, from, to, subject); with "raw" the message is what comes on standard input.
const fs = require("fs");
const nodemailer = require("/usr/share/nodejs/nodemailer");
const options = JSON.parse(process.argv[2]);
const transport = nodemailer.createTransport({
  // By address: on a machine with nothing but a loopback nodemailer looks no name up.
  host: "127.0.0.1",
  port: options.port,
  secure: options.secure,
  requireTLS: options.requireTLS,
  auth: { user: options.user, pass: options.password },
  tls: { servername: options.host, ca: fs.readFileSync(options.ca), rejectUnauthorized: true },
});
const message = options.raw
  ? { envelope: { from: options.from, to: [options.to] }, raw: fs.readFileSync(0) }
  : { from: options.from, to: options.to, subject: options.subject, text: "sent by nodemailer" };
transport
  .sendMail(message)
  .then((info) => console.log(info.response))
  .catch((error) => {
    console.error(error.message);
    process.exit(1);
  });

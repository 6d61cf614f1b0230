// Send.java: one letter by Jakarta Mail, in the session that the settings make.
import java.io.FileReader;
import java.util.Properties;
import javax.mail.*;
import javax.mail.internet.*;

class Send {
  public static void main(String[] arguments) throws Exception {
    // SETTINGS
    MimeMessage message = new MimeMessage(session);
    message.setFrom(new InternetAddress(System.getenv("SENDER")));
    message.setRecipients(Message.RecipientType.TO, System.getenv("RECIPIENT"));
    message.setSubject(System.getenv("SUBJECT"));
    message.setHeader("X-Packetboat-Program", System.getenv("PROGRAM"));
    message.setText("Sent by Jakarta Mail.");
    Transport.send(message);
  }

  /** What Spring Boot does with application.properties: the prefix goes, ${...} comes from the environment. */
  static Session fromSpring() throws Exception {
    Properties all = new Properties();
    all.load(new FileReader("application.properties"));
    Properties p = new Properties();
    String prefix = "spring.mail.properties.";
    for (String name : all.stringPropertyNames())
      if (name.startsWith(prefix)) p.put(name.substring(prefix.length()), all.getProperty(name));
    p.put("mail.smtp.host", all.getProperty("spring.mail.host"));
    p.put("mail.smtp.port", all.getProperty("spring.mail.port"));
    String password = all.getProperty("spring.mail.password");
    String secret = System.getenv(password.substring(2, password.length() - 1));
    return Session.getInstance(p, new Authenticator() {
      protected PasswordAuthentication getPasswordAuthentication() {
        return new PasswordAuthentication(all.getProperty("spring.mail.username"), secret);
      }
    });
  }
}

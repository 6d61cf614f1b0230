"""programs.py: programs that send mail, each set up with what `packetboat settings --for ...` prints and nothing else that
matters: who writes a letter, and where the password comes from, is all that is added.

Not here: where they send to and what must come of it (programs_test.py); Postfix and Exim (smarthost_programs.py).
"""

import dataclasses
import os
import pathlib
import shutil
import subprocess
import urllib.parse

from server import PASSWORD, USER

HERE = pathlib.Path(__file__).resolve().parent / "programs"
TO = "bob@two.test"
RUN_MAX = 180  # seconds for one letter; Java compiles before it sends
STAND_IN = "friend@example.org"  # the recipient in our command lines
WORDPRESS = HERE.parents[2] / "build/peers/wordpress/usr/share/wordpress"


@dataclasses.dataclass
class Job:
    """One letter by one program: `text` is the settings', `folder` its home."""

    name: str
    text: str
    folder: pathlib.Path
    subject: str
    environment: dict

    def write(self, file, text, mode=0o600):
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path

    def run(self, *words, **options):
        return subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=RUN_MAX, cwd=self.folder,
                              env=self.environment, **options)

    def letter(self):
        return (f"From: {USER}\nTo: {TO}\nSubject: {self.subject}\nX-Packetboat-Program: {self.name}\n\n"
                f"Sent by {self.name}.\n")

    def facts(self):
        """For the programs under programs/: what to send, by the environment."""
        self.environment.update(PROGRAM=self.name, SENDER=USER, RECIPIENT=TO, SUBJECT=self.subject)


def msmtp(job):
    # The template takes the password from secret-tool; here one that knows a single password.
    job.write("bin/secret-tool", f"#!/bin/sh\n[ \"$1 $2\" = 'lookup smtp' ] && printf '%s\\n' '{PASSWORD}'\n", 0o700)
    job.write(".msmtprc", job.text)
    return job.run("msmtp", "-t", input=job.letter())


def curl(job):
    job.write("message.eml", job.letter().replace("\n", "\r\n"))
    return job.run("sh", "-c", job.text.replace(STAND_IN, TO).replace(f"--user {USER}", f"--user '{USER}:{PASSWORD}'"))


def swaks(job):
    return job.run("sh", "-c", job.text.rstrip().replace(STAND_IN, TO) + f" --auth-password '{PASSWORD}' --h-Subject "
                   f"'{job.subject}' --add-header 'X-Packetboat-Program: {job.name}' --timeout 20")


def mutt(job):
    rc = job.write(".muttrc", job.text + f'set smtp_pass = "{PASSWORD}"\nset realname = "Alice"\nset copy = no\n'
                   f'my_hdr X-Packetboat-Program: {job.name}\nset smtp_authenticators = "plain"\n')
    return job.run("mutt", "-F", rc, "-s", job.subject, TO, input=f"Sent by {job.name}.\n")


def s_nail(job):
    host = urllib.parse.urlsplit(job.text.split("mta=")[1].split()[0]).hostname
    # Named by variables, because for root s-nail reads no HOME.
    job.environment["NETRC"] = str(job.write(".netrc", f'machine {host} login {USER} password "{PASSWORD}"\n'))
    job.environment["MAILRC"] = str(job.write(".mailrc", job.text))
    return job.run("s-nail", "-n", "-Ssendwait", f"-CX-Packetboat-Program: {job.name}", "-s", job.subject, TO,
                   input=f"Sent by {job.name}.\n")


def python(job):
    program = job.write("send.py", "import email.message\nmessage = email.message.EmailMessage()\n" + "".join(
        f"message[{key!r}] = {value!r}\n" for key, value in (line.split(": ", 1) for line in
                                                             job.letter().split("\n\n")[0].splitlines())) +
        f"message.set_content('Sent by {job.name}.')\n" + job.text)
    return job.run("/usr/bin/python3", program)


def django(job):
    job.facts()
    job.write("mysettings.py", job.text)
    return job.run("/usr/bin/python3", HERE / "send_django.py")


def in_node(job):
    job.facts()
    program = job.write("send.js", job.text + (HERE / "send_nodemailer.js").read_text())
    return job.run("node", program)


def in_php(job, text, script):
    job.facts()
    job.write("settings.php" if text.startswith("<?php") else "settings.txt", text)
    return job.run("php", "-d", "display_errors=stderr", HERE / script)


def phpmailer(job):
    return in_php(job, "<?php\n" + job.text, "send_phpmailer.php")


def wordpress(job):
    job.write("wp-content/mu-plugins/smtp.php", job.text)
    for part in ("wp-includes", "wp-admin", "wp-settings.php"):
        (job.folder / part).symlink_to(WORDPRESS / part)
    return in_php(job, "", "send_wordpress.php")


def symfony(job):
    return in_php(job, job.text.replace(":PASSWORD@", f":{urllib.parse.quote(PASSWORD, safe='')}@"), "send_symfony.php")


def ruby_mail(job):
    job.facts()
    job.write("production.rb", job.text)
    return job.run("ruby", HERE / "send_mail.rb")


def java(job):
    job.facts()
    program = (HERE / "Send.java").read_text().replace("    // SETTINGS\n", job.text)
    return run_java(job, program)


def spring(job):
    """Spring Boot hands its properties to Jakarta Mail; so does this, without Spring."""
    job.facts()
    job.write("application.properties", job.text)
    program = (HERE / "Send.java").read_text()
    return run_java(job, program.replace("    // SETTINGS\n", "    Session session = fromSpring();\n"))


def run_java(job, program):
    file = job.write("Send.java", program)
    return job.run("java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp",
                   "/usr/share/java/javax.mail.jar:/usr/share/java/javax.activation.jar", file)


def go(job):
    job.facts()
    program = (HERE / "send.go").read_text().replace("\t// SETTINGS\n", job.text)
    unused = [line for line in ('\t"crypto/tls"\n',) if line.strip().strip('"').split("/")[-1] + "." not in job.text]
    for line in unused:
        program = program.replace(line, "")
    return job.run("go", "run", job.write("send.go", program))


@dataclasses.dataclass
class Program:
    name: str         # of --for
    send: object
    needs: list       # programs and files
    package: str
    version: list     # a command that prints it


def version_of(program):
    """The first line with a digit of what its version command prints."""
    try:
        done = subprocess.run(program.version, capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return "?"
    lines = (done.stdout + done.stderr).splitlines()
    return next((line.strip()[:60] for line in lines if any(letter.isdigit() for letter in line)), "?")


def package_version(name):
    return ["dpkg-query", "-W", "-f", "${Package} ${Version}", name]


PROGRAMS = [
    Program("msmtp", msmtp, ["msmtp"], "msmtp", ["msmtp", "--version"]),
    Program("curl", curl, ["curl"], "curl", ["curl", "--version"]),
    Program("swaks", swaks, ["swaks"], "swaks", ["swaks", "--version"]),
    Program("mutt", mutt, ["mutt"], "mutt", ["mutt", "-v"]),
    Program("s-nail", s_nail, ["s-nail"], "s-nail", package_version("s-nail")),
    Program("python", python, ["/usr/bin/python3"], "python3", ["/usr/bin/python3", "--version"]),
    Program("django", django, ["/usr/lib/python3/dist-packages/django"], "python3-django",
            package_version("python3-django")),
    Program("nodemailer", in_node, ["node", "/usr/share/nodejs/nodemailer"], "node-nodemailer",
            package_version("node-nodemailer")),
    Program("phpmailer", phpmailer, ["php", "/usr/share/php/libphp-phpmailer"], "libphp-phpmailer",
            package_version("libphp-phpmailer")),
    Program("wordpress-mu", wordpress, ["php", str(WORDPRESS)], "wordpress, unpacked",
            ["grep", "^.wp_version =", str(WORDPRESS / "wp-includes/version.php")]),
    Program("symfony", symfony, ["php", "/usr/share/php/Symfony/Component/Mailer"], "php-symfony-mailer",
            package_version("php-symfony-mailer")),
    Program("rails", ruby_mail, ["ruby", "/usr/lib/ruby/vendor_ruby/mail.rb"], "ruby-mail",
            package_version("ruby-mail")),
    Program("javamail", java, ["javac", "/usr/share/java/javax.mail.jar"], "libmail-java", package_version("libmail-java")),
    Program("spring", spring, ["javac", "/usr/share/java/javax.mail.jar"], "libmail-java", package_version("libmail-java")),
    Program("go", go, ["go"], "golang-go", ["go", "version"]),
]


def missing(program):
    """What a program lacks here, or None."""
    lacks = [need for need in program.needs if not (pathlib.Path(need).exists() if need.startswith("/") else
                                                    shutil.which(need))]
    return f"missing package ({program.package})" if lacks else None


def environment(home, ca):
    """A person's, in that home. Node, alone, does not read the system's certificates by itself."""
    return {"HOME": str(home), "PATH": f"{home}/bin:{os.environ['PATH']}", "LANG": "C.UTF-8", "TERM": "dumb",
            "SMTP_PASSWORD": PASSWORD, "NODE_EXTRA_CA_CERTS": str(ca), "NODE_PATH": "/usr/share/nodejs",
            "GOCACHE": str(home.parent / "go-cache"), "GOFLAGS": "-mod=mod", "GO111MODULE": "off",
            "GOPATH": str(home.parent / "go-path")}

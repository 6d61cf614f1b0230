<?php
// send_symfony.php: one letter by Symfony Mailer. MAILER_DSN is read from settings.txt, a .env file.
require '/usr/share/php/Symfony/Component/Mailer/autoload.php';
require '/usr/share/php/Symfony/Component/Mime/autoload.php';
$dsn = parse_ini_string(preg_replace('/^#.*$/m', '', file_get_contents('settings.txt')))['MAILER_DSN'];
try {
    $mailer = new Symfony\Component\Mailer\Mailer(Symfony\Component\Mailer\Transport::fromDsn($dsn));
    $letter = (new Symfony\Component\Mime\Email())->from(getenv('SENDER'))->to(getenv('RECIPIENT'))
        ->subject(getenv('SUBJECT'))->text('Sent by Symfony Mailer.');
    $letter->getHeaders()->addTextHeader('X-Packetboat-Program', getenv('PROGRAM'));
    $mailer->send($letter);
} catch (Throwable $error) {
    fwrite(STDERR, $error->getMessage() . "\n");
    exit(1);
}

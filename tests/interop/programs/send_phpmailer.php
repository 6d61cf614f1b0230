<?php
// send_phpmailer.php: one letter by PHPMailer, which settings.php in the current folder makes as $mail.
foreach (['Exception', 'PHPMailer', 'SMTP'] as $class) {
    require "/usr/share/php/libphp-phpmailer/src/$class.php";
}
try {
    require getcwd() . '/settings.php';
    $mail->addAddress(getenv('RECIPIENT'));
    $mail->addCustomHeader('X-Packetboat-Program', getenv('PROGRAM'));
    $mail->Subject = getenv('SUBJECT');
    $mail->Body = 'Sent by PHPMailer.';
    $mail->send();
} catch (Throwable $error) {
    fwrite(STDERR, $error->getMessage() . "\n");
    exit(1);
}

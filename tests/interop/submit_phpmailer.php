<?php
// submit_phpmailer.php: one message by PHPMailer. Argument: a JSON object as submit_nodemailer.js takes,
// with "secure" being PHPMailer's SMTPSecure ("tls", "ssl", or "" with SMTPAutoTLS).
foreach (['Exception', 'PHPMailer', 'SMTP'] as $class) {
    require "/usr/share/php/libphp-phpmailer/src/$class.php";
}
$o = json_decode($argv[1], true);
$mail = new PHPMailer\PHPMailer\PHPMailer(true);
try {
    $mail->isSMTP();
    $mail->Host = $o['host'];
    $mail->Port = $o['port'];
    $mail->SMTPSecure = $o['secure'];
    $mail->SMTPAuth = true;
    $mail->Username = $o['user'];
    $mail->Password = $o['password'];
    $mail->Timeout = 60;
    $mail->SMTPOptions = ['ssl' => ['cafile' => $o['ca'], 'verify_peer' => true,
                                    'verify_peer_name' => true]];
    $mail->setFrom($o['from']);
    $mail->addAddress($o['to']);
    $mail->Subject = $o['subject'];
    $mail->Body = 'sent by PHPMailer';
    $mail->send();
    echo $mail->getSMTPInstance()->getLastTransactionID(), "\n";
} catch (Throwable $error) {
    fwrite(STDERR, $error->getMessage() . "\n");
    exit(1);
}

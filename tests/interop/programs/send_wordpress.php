<?php
// send_wordpress.php: one letter by wp_mail() of a whole WordPress in the current folder, loaded by its own wp-settings.php,
// which also loads wp-content/mu-plugins/smtp.php. There is no database: nothing is found but the
// address of the site.
define('ABSPATH', getcwd() . '/');
define('WP_CONTENT_DIR', getcwd() . '/wp-content');
define('WP_INSTALLING', true);
define('WP_DEBUG', false);
foreach (['DB_NAME', 'DB_USER', 'DB_PASSWORD', 'DB_HOST', 'DB_CHARSET', 'DB_COLLATE'] as $constant) {
    define($constant, '');
}
file_put_contents(WP_CONTENT_DIR . '/db.php', <<<'PHP'
<?php
class NoDatabase extends wpdb
{
    public function __construct() { $this->ready = true; }
    public function db_connect($allow_bail = true) { return true; }
    public function check_connection($allow_bail = true) { return true; }
    public function select($db, $dbh = null) {}
    public function _real_escape($data) { return addslashes((string) $data); }
    public function db_version() { return '10.0'; }
    public function db_server_info() { return '10.0'; }
    public function has_cap($cap) { return false; }
    public function get_table_charset($table) { return 'utf8mb4'; }
    public function get_col_charset($table, $column) { return 'utf8mb4'; }
    public function get_row($query = null, $output = OBJECT, $y = 0)
    {
        return strpos((string) $query, "'home'") ? (object) ['option_value' => 'https://one.test'] : null;
    }
    public function query($query) { $this->last_result = []; $this->num_rows = 0; return 0; }
}
$wpdb = new NoDatabase();
PHP);
$_SERVER += ['HTTP_HOST' => 'one.test', 'REQUEST_URI' => '/', 'SERVER_NAME' => 'one.test', 'SERVER_PROTOCOL' => 'HTTP/1.1',
             'REQUEST_METHOD' => 'GET', 'SCRIPT_NAME' => '/index.php', 'PHP_SELF' => '/index.php'];
$table_prefix = 'wp_';
require ABSPATH . 'wp-settings.php';
add_action('wp_mail_failed', function ($error) { fwrite(STDERR, $error->get_error_message() . "\n"); });
$sent = wp_mail(getenv('RECIPIENT'), getenv('SUBJECT'), 'Sent by WordPress.',
                ['X-Packetboat-Program: ' . getenv('PROGRAM')]);
exit($sent ? 0 : 1);

# The plainest client: perl plain.pl HOST PORT < lines. It packs lines and prints bytes.
use strict; use warnings; use IO::Socket::INET;
my $conn = IO::Socket::INET->new("$ARGV[0]:$ARGV[1]") or die "no server: $@";
$| = 1; $conn->autoflush(1); binmode $_ for $conn, *STDIN, *STDOUT;
if (!fork) {
    while ((read $conn, my $header, 8) == 8) {
        read $conn, my $text, unpack "Q>", $header;
        print $text;
    }
    exit;
}
print $conn pack("Q>", length), $_ while <STDIN>;
print $conn pack "Q>", 0;
wait;

/**
 * A program that boots in milliseconds and takes little memory, for tests that boot many: answers each request with
 * what it was made from, and appends a line to the file `boots` when it starts.
 */
const PROGRAM = `
use IO::Socket::INET;
open(my $f, '>>', 'boots'); print $f "$ENV{REVEILLE_RESOURCE}\\n"; close($f);
while ($ENV{LISTEN_WHEN} && !-e $ENV{LISTEN_WHEN}) { select(undef, undef, undef, 0.02) }
my $s = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $ENV{PORT}, Listen => 128, ReuseAddr => 1) or die;
while (my $c = $s->accept()) {
  my $line = <$c>; my $wait = defined $line && $line =~ m{/slow};
  while (my $h = <$c>) { last if $h eq "\\r\\n" }
  select(undef, undef, undef, 0.05) if $wait;
  my $b = join("\\n", map { "$_=$ENV{$_}" } sort grep { /^REVEILLE_/ } keys %ENV);
  print $c "HTTP/1.1 200 OK\\r\\nConnection: close\\r\\nContent-Length: " . length($b) . "\\r\\n\\r\\n$b"; close($c);
}`;

/** A resource that runs it. @param env with LISTEN_WHEN it waits for that file before it listens. */
export function lightApp(
  rest: Record<string, unknown> = {},
  env: Record<string, string> = {},
): Record<string, unknown> {
  return { provider: 'process', process: { command: ['perl', '-e', PROGRAM], env }, ...rest };
}

/** What an instance answered, by variable. */
export function variables(text: string): Record<string, string> {
  return Object.fromEntries(
    text.split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

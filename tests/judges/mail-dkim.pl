#!/usr/bin/perl
# Mail::DKIM as a judge: both kinds of seal, key records from a file or a nameserver on this host.
# Usage and output: README.md in this directory.
use strict;
use warnings;
use Mail::DKIM::Verifier;
use Mail::DKIM::DNS;
use Net::DNS;
use Net::DNS::Resolver;

{
    # Stands where Net::DNS::Resolver would: answers TXT questions from the record file.
    package Records;

    sub load {
        my ($class, $path) = @_;
        open my $in, '<', $path or die "$path: $!\n";
        my %text;
        while (<$in>) {
            s/\r?\n\z//;
            next if /\A(?:#|\s*\z)/;
            my ($name, $record) = split ' ', $_, 2;
            $text{ lc $name } = $record;
        }
        return bless { text => \%text, answers => {} }, $class;
    }

    sub send {
        my ($self, $name, $type) = @_;
        return $self->{answers}{"$name $type"} //= $self->answer($name, $type);
    }

    sub answer {
        my ($self, $name, $type) = @_;
        my $packet = Net::DNS::Packet->new($name, $type);
        $packet->header->qr(1);
        my $record = $type eq 'TXT' ? $self->{text}{ lc $name } : undef;
        if (!defined $record) {
            $packet->header->rcode('NXDOMAIN');
            return $packet;
        }
        my @strings = unpack '(a255)*', $record;
        $packet->push(answer =>
            Net::DNS::RR->new(name => $name, type => 'TXT', ttl => 60, txtdata => \@strings));
        return $packet;
    }

    sub errorstring { return 'NOERROR' }
}

sub resolver {
    my ($source) = @_;
    my ($port) = $source =~ /\Adns:(\d+)\z/ or return Records->load($source);
    my $resolver = Net::DNS::Resolver->new(
        config_file => '/dev/null', nameservers => ['127.0.0.1'], port => $port, recurse => 0);
    $resolver->udp_timeout(5);
    return $resolver;
}

sub octets_of {
    my ($path) = @_;
    open my $in, '<:raw', $path or die "$path: $!\n";
    local $/;
    return scalar <$in> // '';
}

# On one line and without blanks, whatever a damaged message has in it.
sub word {
    my ($value) = @_;
    $value //= '';
    $value =~ s/\s+//g;
    return $value eq '' ? '-' : $value;
}

sub judge {
    my ($path) = @_;
    my $verifier = Mail::DKIM::Verifier->new;
    # In one piece: what this judge makes of stray CR and LF depends on where pieces end.
    $verifier->PRINT(octets_of($path));
    $verifier->CLOSE;
    my @signatures = $verifier->signatures;
    print "$path\tnone\n" unless @signatures;
    for my $signature (@signatures) {
        my $old = $signature->isa('Mail::DKIM::DkSignature');
        my $detail = $signature->result_detail // $signature->result // 'no result';
        $detail =~ s/[\t\r\n]+/ /g;
        printf "%s\t%s %s d=%s s=%s a=%s c=%s (%s)\n", $path, $old ? 'domainkeys' : 'dkim',
            ($signature->result // '') eq 'pass' ? 'pass' : 'fail',
            map({ word($_) } $signature->domain, $signature->selector, $signature->algorithm,
                scalar $signature->canonicalization), $detail;
    }
    return;
}

die "usage: mail-dkim.pl RECORDS <list-of-messages\n" unless @ARGV == 1;
Mail::DKIM::DNS::resolver(resolver($ARGV[0]));
binmode STDIN;
binmode STDOUT;
while (my $path = <STDIN>) {
    chomp $path;
    eval { judge($path); 1 } or do {
        my $why = $@;
        $why =~ s/[\t\r\n]+/ /g;
        print "$path\tbroken ($why)\n";
    };
}

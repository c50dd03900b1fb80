# /etc/cron.d/signet-reports: for hosts without systemd, where these lines do
# what signet-dmarc-report.timer and signet-tls-report.timer do elsewhere. Take
# the "#" away when [reports] of signet.conf says in whose name reports go out.
#10 * * * *	signet-report	signet-dmarc-report
#40 * * * *	signet-report	signet-tls-report

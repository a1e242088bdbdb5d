# The same as member.mjs, with GitLab's client.
require 'json'
require 'prometheus/client'
require 'prometheus/client/formats/text'

directory = ENV.fetch('PROMETHEUS_MULTIPROC_DIR')
Prometheus::Client.configuration.multiprocess_files_dir = directory
series = ARGV[1].to_i
methods = %w[GET POST PUT PATCH DELETE]
statuses = %w[200 201 302 404 500]
counter = nil

tasks = {
  'count' => lambda do
    counter ||= Prometheus::Client.registry.counter(:requests_total, 'Requests.')
    series.times do |index|
      counter.increment({ method: methods[index / 5 % 5], route: "/api/v1/resource-#{index / 25}/:id", status: statuses[index % 5] })
    end
    {}
  end,
  'scrape' => lambda do
    start = Process.clock_gettime(Process::CLOCK_MONOTONIC)
    text = Prometheus::Client::Formats::Text.marshal_multiprocess(directory)
    milliseconds = (Process.clock_gettime(Process::CLOCK_MONOTONIC) - start) * 1000
    samples = text.split("\n").reject { |line| line.empty? || line.start_with?('#') }
    total = samples.sum { |line| line.split(' ').last.to_f }
    { milliseconds: milliseconds, bytes: text.bytesize, samples: samples.length, total: total }
  end
}

$stdin.each_line do |line|
  puts JSON.generate(tasks.fetch(line.strip).call)
  $stdout.flush
end

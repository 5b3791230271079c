import { z } from 'zod';
import { queryFields } from '../../metrics/query.js';
import {
  anomalies,
  exportedProfiles,
  queueStatus,
  recentProfiles,
  savedBaseline,
  statistics,
  timeline,
} from '../answers/metrics.js';
import type { Operations } from '../operation.js';

const { limit, minutes, model, priority, outcome, window, format } = queryFields;

export const metricsOperations: Operations = {
  'GET /metrics': {
    tag: 'Metrics',
    summary: 'For Prometheus',
    description: 'Every metric is in docs/metrics.md. Who asks for OpenMetrics first gets exemplars, too.',
    answers: {
      200: { description: 'The metrics.', text: ['text/plain', 'application/openmetrics-text'] },
    },
    errors: ['not_found'],
  },
  'GET /metrics/queue/status': {
    tag: 'Metrics',
    summary: 'What waits and runs',
    answers: { 200: { description: 'By model and priority.', json: queueStatus } },
  },
  'GET /metrics/profiles/recent': {
    tag: 'Metrics',
    summary: 'The last requests, by phase',
    query: z.object({ limit, model, priority, outcome }),
    answers: { 200: { description: 'Newest first.', json: recentProfiles } },
    errors: ['not_found'],
  },
  'GET /metrics/profiles/stats': {
    tag: 'Metrics',
    summary: 'Percentiles and trends by phase',
    query: z.object({ window, model, priority }),
    answers: { 200: { description: 'By model, phase and priority.', json: statistics } },
    errors: ['not_found'],
  },
  'GET /metrics/profiles/timeline': {
    tag: 'Metrics',
    summary: 'Throughput and latency by minute',
    query: z.object({ minutes }),
    answers: { 200: { description: 'Oldest first.', json: timeline } },
    errors: ['not_found'],
  },
  'GET /metrics/profiles/anomalies': {
    tag: 'Metrics',
    summary: 'What is unusual',
    answers: { 200: { description: 'Against the baseline, or against what was before.', json: anomalies } },
    errors: ['not_found'],
  },
  'GET /metrics/profiles/export': {
    tag: 'Metrics',
    summary: 'The last requests as a file',
    query: z.object({ format, minutes, model, priority, outcome }),
    answers: { 200: { description: 'As JSON or CSV.', json: exportedProfiles, text: ['text/csv'] } },
    errors: ['not_found'],
  },
  'POST /metrics/profiles/baseline': {
    tag: 'Metrics',
    summary: 'What is usual now',
    description: 'Is what anomalies are judged by from here on.',
    answers: { 200: { description: 'The baseline.', json: savedBaseline } },
    errors: ['not_found'],
  },
};
